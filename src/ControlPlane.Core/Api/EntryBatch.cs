using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;

namespace ControlPlane.Core.Api;

/// <summary>Writes of several entries in one call.</summary>
/// <param name="Mode">Whether the items happen together, or each on its own.</param>
/// <param name="Items">The items, over any devmaps. Each entry may be written once.</param>
public sealed record EntryBatch(BatchMode Mode, IReadOnlyList<BatchItem> Items)
{
    /// <summary>Most items of an independent batch.</summary>
    public const int MaxItems = 10_000;

    /// <summary>Most items of an atomic batch.</summary>
    public const int MaxAtomicItems = 1_000;
}

/// <summary>How the items of a batch happen.</summary>
public enum BatchMode
{
    /// <summary>All of them, or none, under one revision.</summary>
    Atomic,

    /// <summary>Each on its own: an item that fails changes nothing for the others.</summary>
    Independent,
}

/// <summary>One write of a batch: a put or a delete.</summary>
/// <param name="Put">Creates or changes an entry. Null if the item deletes one.</param>
/// <param name="Delete">Deletes an entry. Null if the item creates or changes one.</param>
public sealed record BatchItem(BatchPut? Put, BatchDelete? Delete);

/// <summary>An item that creates or changes an entry.</summary>
/// <param name="Devmap">The name of the devmap.</param>
/// <param name="Key">The key in any of its text forms.</param>
/// <param name="Spec">The desired state.</param>
/// <param name="ExpectedRevision">The revision that the entry must have; 0: it must not exist. Null for no precondition.</param>
public sealed record BatchPut(string Devmap, string Key, EntrySpec Spec, long? ExpectedRevision);

/// <summary>An item that deletes an entry.</summary>
/// <param name="Devmap">The name of the devmap.</param>
/// <param name="Key">The key in any of its text forms.</param>
/// <param name="ExpectedRevision">The revision that the entry must have. Null for no precondition.</param>
/// <param name="Owner">The owner of the entry. Null or omitted for none.</param>
public sealed record BatchDelete(string Devmap, string Key, long? ExpectedRevision, string? Owner = null);

/// <summary>The outcome of a batch.</summary>
/// <param name="Results">The result of each item, in order.</param>
/// <param name="Revision">The daemon's revision after the batch.</param>
/// <param name="WaitSatisfied">Whether every entry that the batch has put forwards at the end of the wait. Null if the call does not wait.</param>
/// <param name="Unsatisfied">The entries that do not, at most 100. Empty if the call does not wait.</param>
public sealed record BatchOutcome(IReadOnlyList<BatchResult> Results, long Revision, bool? WaitSatisfied, IReadOnlyList<UnsatisfiedEntry> Unsatisfied);

/// <summary>The result of one item.</summary>
/// <param name="Outcome">The effect of the item.</param>
/// <param name="Revision">The revision of the entry, or of its deletion. Null if the item failed.</param>
/// <param name="State">The state of the entry after the batch. Null if it was deleted, or the item failed.</param>
/// <param name="Error">Why the item failed. Null if it did not.</param>
public sealed record BatchResult(ItemOutcome Outcome, long? Revision, EntryState? State, ItemError? Error);
