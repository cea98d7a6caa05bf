namespace ControlPlane.Core.Entries;

/// <summary>The body of a PUT of an entry, as the caller sent it: not yet validated.</summary>
/// <param name="Interface">The name of the egress interface.</param>
/// <param name="EgressProgram">The egress program that is to run on each frame, or null for none.</param>
/// <param name="Labels">The caller's own notes.</param>
/// <param name="AllowPending">Accept interfaces that do not exist yet.</param>
public sealed record EntryRequest(
    string? Interface,
    string? EgressProgram = null,
    IReadOnlyDictionary<string, string>? Labels = null,
    bool AllowPending = false);
