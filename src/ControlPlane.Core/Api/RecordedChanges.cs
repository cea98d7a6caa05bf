using ControlPlane.Core.Model;

namespace ControlPlane.Core.Api;

/// <summary>The order of a list of changes.</summary>
public enum ChangeOrder
{
    /// <summary>The newest change first.</summary>
    Newest,

    /// <summary>The oldest change that is kept first.</summary>
    Oldest,
}

/// <summary>The changes that a list shows. Filters are joined by "and".</summary>
/// <param name="PageSize">Most changes in the answer, 1 .. <see cref="MaxPageSize"/>; null for <see cref="DefaultPageSize"/>.</param>
/// <param name="PageToken">Where the page before ended, as its answer gave it; null or empty for the first page.</param>
/// <param name="Order">The order.</param>
/// <param name="Devmap">Only changes of this devmap, and of resources in it.</param>
/// <param name="Key">Only changes of entries with this key, in its canonical text form.</param>
/// <param name="Owner">Only changes of resources that had this owner before or after.</param>
/// <param name="Actor">Only changes by this actor or account.</param>
/// <param name="SinceRevision">The oldest revision; null for all that are kept.</param>
/// <param name="UntilRevision">The newest revision; null for that of now.</param>
/// <param name="SinceTime">The earliest time; null for any.</param>
/// <param name="UntilTime">The latest time; null for any.</param>
public sealed record ChangeQuery(
    int? PageSize = null,
    string? PageToken = null,
    ChangeOrder Order = ChangeOrder.Newest,
    string? Devmap = null,
    string? Key = null,
    string? Owner = null,
    string? Actor = null,
    long? SinceRevision = null,
    long? UntilRevision = null,
    DateTimeOffset? SinceTime = null,
    DateTimeOffset? UntilTime = null)
{
    /// <summary>The page size when none is asked for.</summary>
    public const int DefaultPageSize = 100;

    /// <summary>The largest page size that may be asked for.</summary>
    public const int MaxPageSize = 1_000;
}

/// <summary>One page of a list of changes.</summary>
/// <param name="Changes">The changes. A page may have fewer than requested, even none, and yet not be the last.</param>
/// <param name="NextPageToken">Where the next page begins; null on the last page.</param>
/// <param name="OldestRevision">The oldest revision whose changes are kept.</param>
public sealed record ChangeList(IReadOnlyList<RecordedChange> Changes, string? NextPageToken, long OldestRevision);

/// <summary>One change of the desired state.</summary>
/// <param name="Revision">The revision. The changes of one atomic call share it.</param>
/// <param name="Time">When the change became durable.</param>
/// <param name="Actor">The caller in words: who, and from where.</param>
/// <param name="Account">The account of the caller, such as <c>token ci</c> or <c>uid 0</c>.</param>
/// <param name="RequestId">The id of the request in logs and answers.</param>
/// <param name="Resource">The name of the resource.</param>
/// <param name="Kind">The kind of the resource.</param>
/// <param name="Devmap">The devmap that the resource is or belongs to. Null for programs and tokens.</param>
/// <param name="Count">How many resources have changed: 1, or the entries that got one egress program together.</param>
/// <param name="Before">The desired state before. Null if the resource did not exist.</param>
/// <param name="After">The desired state after. Null if the resource was deleted.</param>
/// <param name="Refusal">Why the kernel refused the change, which was then taken back before anybody saw it. Null for a change that lasted.</param>
/// <param name="TakesBack">The refusal of the kernel because of which the daemon took an earlier change of the request back. Null if it did not.</param>
public sealed record RecordedChange(
    long Revision,
    DateTimeOffset Time,
    string Actor,
    string Account,
    string RequestId,
    string Resource,
    ChangedKind Kind,
    string? Devmap,
    int Count,
    ChangedState? Before,
    ChangedState? After,
    string? Refusal,
    string? TakesBack);

/// <summary>The desired state of a changed resource: the member of its kind. Devmaps and tokens have none here.</summary>
/// <param name="Entry">The spec of an entry. Null for another kind.</param>
/// <param name="Attachment">The spec of an attachment. Null for another kind.</param>
/// <param name="Program">The spec of an egress program. Null for another kind.</param>
/// <param name="EgressProgram">The egress program of all entries of an interface. Null for none, and for another kind.</param>
/// <param name="Lease">The spec of a lease. Null for another kind.</param>
public sealed record ChangedState(EntrySpec? Entry, AttachmentSpec? Attachment, EgressProgramSpec? Program, string? EgressProgram, LeaseSpec? Lease = null)
{
    /// <summary>Returns the state that a record has; null for none.</summary>
    internal static ChangedState? Of(IDesiredRecord? record) => record switch
    {
        null => null,
        EntryRecord entry => Of(entry.Spec),
        AttachmentRecord attachment => Of(attachment.Spec),
        EgressProgramRecord program => Of(program.Spec),
        SwapRecord swap => new(null, null, null, swap.EgressProgram),
        LeaseRecord lease => new(null, null, null, null, lease.Spec),
        _ => new(null, null, null, null),
    };

    /// <summary>Returns the state of an entry; null for none.</summary>
    internal static ChangedState? Of(EntrySpec? spec) => spec is null ? null : new(spec, null, null, null);

    /// <summary>Returns the state of an attachment; null for none.</summary>
    internal static ChangedState? Of(AttachmentSpec? spec) => spec is null ? null : new(null, spec, null, null);

    /// <summary>Returns the state of an egress program; null for none.</summary>
    internal static ChangedState? Of(EgressProgramSpec? spec) => spec is null ? null : new(null, null, spec, null);
}

/// <summary>The outcome of a reversal.</summary>
/// <param name="Revision">The revision of the new change; that of the daemon if nothing has changed, or in a dry run.</param>
/// <param name="Created">How many resources are new.</param>
/// <param name="Changed">How many resources have changed.</param>
/// <param name="Deleted">How many resources were deleted.</param>
/// <param name="Unchanged">How many of the resources are as they were already.</param>
/// <param name="Plan">In a dry run, the changes: egress programs, attachments, then entries; at most 10,000, and at most 3.5 MiB. Else empty.</param>
/// <param name="Truncated">Whether there are more than <paramref name="Plan"/> has.</param>
public sealed record RevertOutcome(
    long Revision, int Created, int Changed, int Deleted, int Unchanged, IReadOnlyList<RevertedResource> Plan, bool Truncated)
{
    /// <summary>Most changes in a plan.</summary>
    public const int MaxPlan = 10_000;
}

/// <summary>One change of the plan of a reversal.</summary>
/// <param name="Resource">The name of the resource.</param>
/// <param name="Kind">The kind of the resource.</param>
/// <param name="Action">The change.</param>
/// <param name="Before">The desired state now. Null for a resource that would be new.</param>
/// <param name="After">The desired state after the reversal. Null if the resource would be deleted.</param>
public sealed record RevertedResource(string Resource, ChangedKind Kind, PlannedAction Action, ChangedState? Before, ChangedState? After);
