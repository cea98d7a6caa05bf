using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Watching;

/// <summary>Renders the events of egress programs.</summary>
/// <param name="state">The state.</param>
/// <param name="kernel">The kernel.</param>
internal sealed class ProgramEvents(ControlPlaneState state, IKernel kernel)
{
    private readonly ProgramViews _views = new(kernel);

    /// <summary>Returns the programs of a snapshot.</summary>
    public IReadOnlyList<WatchEvent> Of(Snapshot snapshot) => [.. snapshot.Programs.Values.Select(p => new WatchEvent.ProgramPut(null, _views.View(p)))];

    /// <summary>Returns the event for a change of a program; null for another change.</summary>
    public WatchEvent? Render(Change change) => change switch
    {
        Change.ProgramPut(var program) => new WatchEvent.ProgramPut(change.Revision, View(program)),
        Change.ProgramDeleted(var revision, var name) => new WatchEvent.ProgramDeleted(revision, name),
        _ => null,
    };

    // The record is that of the change. The status is that of the program that has the name now, if there is one.
    private EgressProgram View(PlacedProgram program) =>
        _views.View((state.Current.Programs.GetValueOrDefault(program.Record.Name) ?? program) with { Record = program.Record });
}
