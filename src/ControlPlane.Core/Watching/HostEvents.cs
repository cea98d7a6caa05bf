using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Watching;

/// <summary>Renders the events of resources that belong to no devmap: egress programs and leases.</summary>
/// <param name="state">The state.</param>
/// <param name="kernel">The kernel.</param>
internal sealed class HostEvents(ControlPlaneState state, IKernel kernel)
{
    private readonly ProgramViews _programs = new(kernel);
    private readonly LeaseViews _leases = new(state);

    /// <summary>Returns the programs and leases of a snapshot that pass a filter.</summary>
    public IReadOnlyList<WatchEvent> Of(Snapshot snapshot, WatchFilter filter)
    {
        var attachments = LeaseViews.CountAttachments(snapshot);
        return
        [
            .. snapshot.Programs.Values.Where(p => filter.Accepts(p.Record)).Select(p => new WatchEvent.ProgramPut(null, _programs.View(p))),
            .. snapshot.Leases.Values.Where(l => filter.Accepts(l.Record))
                .Select(l => new WatchEvent.LeasePut(null, _leases.ViewOrLast(l, attachments.GetValueOrDefault(l.Record.Name)))),
        ];
    }

    /// <summary>Returns the event for a change of a program or a lease; null for another change.</summary>
    public WatchEvent? Render(Change change) => change switch
    {
        Change.ProgramPut put => new WatchEvent.ProgramPut(Resumable(put), View(put.Program)),
        Change.ProgramDeleted deleted => new WatchEvent.ProgramDeleted(Resumable(deleted), deleted.Name),
        Change.LeasePut put => new WatchEvent.LeasePut(Resumable(put), View(put.Lease)),
        Change.LeaseDeleted deleted => new WatchEvent.LeaseDeleted(Resumable(deleted), deleted.Name),
        _ => null,
    };

    private static long? Resumable(Change change) => change.IsPartOfCall ? null : change.Revision;

    // The record is that of the change. The status is that of the program that has the name now, if there is one.
    private EgressProgram View(PlacedProgram program) =>
        _programs.View((state.Current.Programs.GetValueOrDefault(program.Record.Name) ?? program) with { Record = program.Record });

    private Lease View(LeaseRecord record)
    {
        var snapshot = state.Current;
        var entries = snapshot.Leases.GetValueOrDefault(record.Name)?.Entries ?? 0;
        return _leases.ViewOrLast(new PlacedLease(record, entries), LeaseViews.CountAttachments(snapshot).GetValueOrDefault(record.Name));
    }
}
