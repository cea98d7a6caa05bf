using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;

namespace ControlPlane.Core.Api;

/// <summary>The entries of a devmap, or of a part of it, as they must be.</summary>
/// <param name="Entries">The entries. Each may be named once. Entries of the scope that are not named are deleted.</param>
public sealed record DesiredEntries(IReadOnlyList<DesiredEntry> Entries);

/// <summary>One entry as it must be.</summary>
/// <param name="Key">The key in any of its text forms.</param>
/// <param name="Spec">The desired state. The entry gets the owner and the labels of the scope.</param>
/// <param name="ExpectedRevision">The revision that the entry must have; 0: it must not exist. Null for no precondition.</param>
public sealed record DesiredEntry(string Key, EntrySpec Spec, long? ExpectedRevision);

/// <summary>How the entries of a devmap are replaced.</summary>
/// <param name="Labels">The scope: only entries that have all of these labels, each as <c>name=value</c>.</param>
/// <param name="Owner">The scope: only entries of this owner. Null or empty for any.</param>
/// <param name="AllowPending">Whether interfaces may be missing.</param>
/// <param name="DryRun">Whether the answer is the plan, and nothing happens.</param>
/// <param name="Force">Whether entries of other owners may be changed and deleted.</param>
/// <param name="AllowDeletions">The most entries that may be deleted. Null for ten, or a twentieth of the scope.</param>
/// <param name="Mode">How the kernel follows.</param>
/// <param name="Confirm">How long the table waits for its confirmation before the kernel takes it back, 1 s to 1 h. Null for a table that stays.</param>
/// <param name="RevertAfterDrops">The number of redirect errors of the table at which the kernel takes it back, at least 1. Null for any number. Only with <paramref name="Confirm"/>.</param>
/// <param name="Rehearse">How long real frames are compared with the table, 1 s to 5 min; nothing happens then but the plan. Null for no rehearsal.</param>
public sealed record ReplaceOptions(
    IReadOnlyList<string>? Labels = null,
    string? Owner = null,
    bool AllowPending = false,
    bool DryRun = false,
    bool Force = false,
    int? AllowDeletions = null,
    ReplaceMode Mode = ReplaceMode.InPlace,
    TimeSpan? Rehearse = null,
    TimeSpan? Confirm = null,
    long? RevertAfterDrops = null)
{
    /// <summary>The shortest time for a confirmation: 1 s.</summary>
    public static readonly TimeSpan MinConfirm = TimeSpan.FromSeconds(1);

    /// <summary>The longest time for a confirmation: 1 h.</summary>
    public static readonly TimeSpan MaxConfirm = TimeSpan.FromHours(1);

    /// <summary>The rule for the time of a confirmation.</summary>
    public const string ConfirmRule = "must be a number of seconds from 1s to 3600s, such as 60s";

    /// <summary>The shortest rehearsal: 1 s.</summary>
    public static readonly TimeSpan MinRehearsal = TimeSpan.FromSeconds(1);

    /// <summary>The longest rehearsal: 5 min.</summary>
    public static readonly TimeSpan MaxRehearsal = TimeSpan.FromMinutes(5);

    /// <summary>The rule for rehearsals.</summary>
    public const string RehearsalRule = "must be a number of seconds from 1s to 300s, such as 30s";
}

/// <summary>The outcome of a replacement.</summary>
/// <param name="Revision">The revision of the change; that of the daemon if nothing has changed, or in a dry run.</param>
/// <param name="Created">How many entries are new.</param>
/// <param name="Changed">How many entries have changed.</param>
/// <param name="Deleted">How many entries were deleted.</param>
/// <param name="Unchanged">How many entries stay as they are.</param>
/// <param name="NotForwarding">The named entries that do not forward, at most 100. Empty in a dry run.</param>
/// <param name="Plan">In a dry run, the changes: deletions first, then the others in the order of the entries; after a rehearsal, those with the most frames first. At most 10,000, and at most 3.5 MiB.</param>
/// <param name="Truncated">Whether there are more than <paramref name="NotForwarding"/> or <paramref name="Plan"/> has.</param>
/// <param name="Error">In a dry run, why the call would need an option: <c>owned_by_other</c> or <c>too_many_deletions</c>. Null if it needs none.</param>
/// <param name="WaitSatisfied">Whether every entry of the scope forwards at the end of the wait. Null if the call does not wait.</param>
/// <param name="Unsatisfied">The entries of the scope that do not, at most 100. Empty if the call does not wait.</param>
/// <param name="Confirmation">The confirmation that the table waits for. Null if it waits for none, or nothing has changed.</param>
/// <param name="Rehearsal">The real frames by what the table would do with them. Null without a rehearsal.</param>
public sealed record ReplaceOutcome(
    long Revision,
    int Created,
    int Changed,
    int Deleted,
    int Unchanged,
    IReadOnlyList<EntryProblem> NotForwarding,
    IReadOnlyList<PlannedChange> Plan,
    bool Truncated,
    ItemError? Error,
    bool? WaitSatisfied,
    IReadOnlyList<UnsatisfiedEntry> Unsatisfied,
    Rehearsal? Rehearsal = null,
    Confirmation? Confirmation = null)
{
    /// <summary>Most entries that do not forward in an answer.</summary>
    public const int MaxProblems = 100;

    /// <summary>Most changes in a plan.</summary>
    public const int MaxPlan = 10_000;
}

/// <summary>An entry that does not forward.</summary>
/// <param name="Key">The canonical text form of the key.</param>
/// <param name="State">The state of the entry.</param>
/// <param name="Condition">The first condition that does not hold.</param>
public sealed record EntryProblem(string Key, EntryState State, Condition Condition);

/// <summary>One change of a plan.</summary>
/// <param name="Key">The canonical text form of the key.</param>
/// <param name="Action">The change.</param>
/// <param name="State">The state that the entry would have. Null if it would be deleted.</param>
/// <param name="Condition">The first condition that would not hold. Null if all would, or the entry would be deleted.</param>
/// <param name="Before">The desired state now. Null for a new entry.</param>
/// <param name="Spec">The desired state after the change. Null if the entry would be deleted.</param>
/// <param name="Packets">Frames that were sent to the entry until now, over all CPUs. 0 for a new entry, and where the devmap does not count.</param>
/// <param name="Bytes">Bytes of those frames, from the Ethernet header on.</param>
/// <param name="Rehearsed">The frames of the rehearsal that the change would have concerned. Null without a rehearsal.</param>
public sealed record PlannedChange(
    string Key, PlannedAction Action, EntryState? State, Condition? Condition, EntrySpec? Before, EntrySpec? Spec, ulong Packets, ulong Bytes, RehearsedTraffic? Rehearsed);

/// <summary>A change of one entry.</summary>
public enum PlannedAction
{
    /// <summary>The entry would be new.</summary>
    Create,

    /// <summary>The entry would change.</summary>
    Change,

    /// <summary>The entry would be deleted.</summary>
    Delete,
}
