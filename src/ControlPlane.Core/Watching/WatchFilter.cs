using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Watching;

/// <summary>The part of the changes that a stream has. Filters are joined by "and".</summary>
/// <param name="Interface">Only entries that send to this interface, attachments to it, and its changes of status. Null or empty for any.</param>
/// <param name="State">
/// Only entries in this state. The stream has nothing else then: an entry that leaves the state is deleted for it. It cannot be resumed. Null for any.
/// </param>
/// <param name="Labels">Only resources that have all of these labels, each as <c>name=value</c>.</param>
/// <param name="Owner">Only resources of this owner. Null or empty for any.</param>
/// <param name="StatusEvents">How changes of status are reported.</param>
public sealed record WatchQuery(
    string? Interface = null, EntryState? State = null, IReadOnlyList<string>? Labels = null, string? Owner = null, StatusEvents StatusEvents = StatusEvents.All);

/// <summary>How a stream reports changes of status.</summary>
public enum StatusEvents
{
    /// <summary>Each one, in its place among the other changes.</summary>
    All,

    /// <summary>At most one a second for each interface, the last one. Other events have no revision until it is sent.</summary>
    Folded,

    /// <summary>None.</summary>
    None,
}

/// <summary>Selects changes for one stream.</summary>
/// <param name="resources">The filter of resources.</param>
/// <param name="status">How changes of status are reported.</param>
internal sealed class WatchFilter(EntryFilter resources, StatusEvents status)
{
    /// <summary>The filter of a stream that has all changes.</summary>
    public static WatchFilter None { get; } = new(new EntryFilter(null, null, null, [], null), StatusEvents.All);

    /// <summary>Whether every resource passes.</summary>
    public bool IsOpen => resources is { Interfaces: null, Owner: null, State: null, Labels.Count: 0 };

    /// <summary>The state that entries must have; null for any.</summary>
    public EntryState? State => resources.State;

    /// <summary>How changes of status are reported.</summary>
    public StatusEvents StatusEvents => status;

    /// <summary>Whether a devmap itself passes. Its entries have labels and owners of their own.</summary>
    public bool Accepts(DevmapRecord devmap) => HasHost && resources.Accepts(devmap.Spec.Labels, devmap.Spec.Owner);

    /// <summary>Returns the filter of a query; wrong values are added to the violations.</summary>
    public static WatchFilter Read(WatchQuery query, long? fromRevision, Violations violations, InterfaceTable interfaces)
    {
        var resources = EntryFilter.Read(new(query.Interface, null, query.State, query.Labels, query.Owner), violations, _ => interfaces);
        if (query.State is EntryState.Unmanaged && !violations.Has("state"))
            violations.Add("state", "must be the state of a desired entry: elements that nobody desires have no events");
        if (query.State is not null && fromRevision is not null && !violations.Has("revision"))
            violations.Add("revision", "must be absent with state: states have no history, so such a stream begins with a snapshot");
        return new WatchFilter(resources, query.StatusEvents);
    }

    /// <summary>Whether a desired entry passes. Its state is not asked for.</summary>
    public bool Accepts(EntryRecord entry) => resources.Accepts(entry);

    /// <summary>Whether an attachment passes.</summary>
    public bool Accepts(AttachmentRecord attachment) =>
        State is null && AcceptsInterface(attachment.Interface) && resources.Accepts(attachment.Spec.Labels, attachment.Spec.Owner);

    /// <summary>Whether an egress program passes.</summary>
    public bool Accepts(EgressProgramRecord program) => HasHost && resources.Accepts(program.Spec.Labels, program.Spec.Owner);

    /// <summary>Whether a lease passes.</summary>
    public bool Accepts(LeaseRecord lease) => HasHost && resources.Accepts(lease.Spec.Labels, lease.Spec.Owner);

    /// <summary>
    /// Returns a change as the stream has it; null if it has none. A resource that leaves the selection is deleted for the stream. So is
    /// what a deleted resource was before: a stream never reports the end of a resource that it did not have.
    /// </summary>
    public Change? Of(Change change) => change switch
    {
        Change.EntryPut put when Accepts(put.Entry.Record) => put,
        Change.EntryPut { Before: { } before } put when Accepts(before) => Left(put, new Change.EntryDeleted(put.Devmap, put.Revision, before.Key, before)),
        Change.EntryPut => null,
        Change.EntryDeleted { Before: { } before } => Accepts(before) ? change : null,
        Change.AttachmentPut put when Accepts(put.Attachment.Record) => put,
        Change.AttachmentPut { Before: { } before } put when Accepts(before) =>
            Left(put, new Change.AttachmentDeleted(put.Devmap, put.Revision, before.Interface, before)),
        Change.AttachmentPut => null,
        Change.AttachmentDeleted { Before: { } before } => Accepts(before) ? change : null,
        Change.ProgramPut put when Accepts(put.Program.Record) => put,
        Change.ProgramPut { Before: { } before } put when Accepts(before) => Left(put, new Change.ProgramDeleted(put.Revision, before.Name, before)),
        Change.ProgramPut => null,
        Change.ProgramDeleted { Before: { } before } => Accepts(before) ? change : null,
        Change.LeasePut put when Accepts(put.Lease) => put,
        Change.LeasePut { Before: { } before } put when Accepts(before) => Left(put, new Change.LeaseDeleted(put.Revision, before.Name, before)),
        Change.LeasePut => null,
        Change.LeaseDeleted { Before: { } before } => Accepts(before) ? change : null,
        Change.DevmapPut put => Accepts(put.Record) ? put : null,
        Change.EgressProgramSet set => AcceptsInterface(set.Swap.Interface) ? set : null,
        Change.Status changed => AcceptsInterface(changed.Interface) && status != StatusEvents.None ? changed : null,
        _ => change,
    };

    private bool HasHost => State is null && resources.Interfaces is null;

    private bool AcceptsInterface(string name) => resources.Interfaces?.Contains(name) != false;

    private static Change Left(Change put, Change deleted)
    {
        (deleted.Position, deleted.IsPart, deleted.IsPartOfCall) = (Change.OutOfLog, put.IsPart, put.IsPartOfCall);
        return deleted;
    }
}
