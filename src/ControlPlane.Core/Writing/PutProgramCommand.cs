using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Loads an egress program. Answers with the program and whether it is new.</summary>
internal sealed class PutProgramCommand(string name, EgressProgramSpec spec, Precondition precondition) : WriterCommand<(bool Created, PlacedProgram Program)>
{
    protected override Plan<(bool Created, PlacedProgram Program)> Plan(WriterContext context)
    {
        var before = context.State.Programs.GetValueOrDefault(name);
        precondition.Require($"programs/{name}", before?.Wanted.Revision);
        if (before is not null && before.Wanted.Spec == spec)
            return new(Footprint.Exclusive, [], [], (_, _) => (false, before));
        var reload = before?.Wanted.Spec.Config != spec.Config;
        if (reload && before is { Entries: > 0 })
            throw new ControlPlaneException(ProgramErrors.InUse(name, before.Entries, "changed"));
        var now = context.Now;
        var wanted = new EgressProgramRecord(name, spec, context.NextRevision(), before?.Wanted.CreateTime ?? now, now);
        return new(
            Footprint.Exclusive,
            [new StoreChange.PutProgram(wanted)],
            [before is null ? new StoreChange.DeleteProgram(name) : new StoreChange.PutProgram(before.Wanted)],
            (scope, _) =>
            {
                var after = reload
                    ? new PlacedProgram(wanted, context.Kernel.Programs.Load(scope, name, spec.Config), 0)
                    : context.State.Programs[name] with { Wanted = wanted };
                context.State.Programs = context.State.Programs.SetItem(name, after);
                return (before is null, after);
            });
    }
}
