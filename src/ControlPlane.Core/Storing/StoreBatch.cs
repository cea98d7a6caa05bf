namespace ControlPlane.Core.Storing;

/// <summary>Changes that become durable together.</summary>
/// <param name="Revision">The store's revision after them; higher than before.</param>
/// <param name="Changes">The changes, in order of their revisions.</param>
public sealed record StoreBatch(long Revision, IReadOnlyList<StoreChange> Changes);
