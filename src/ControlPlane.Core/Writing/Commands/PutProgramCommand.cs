using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Loads an egress program, or changes its labels and owner. Answers with the program and whether it is new.</summary>
internal sealed class PutProgramCommand(string name, EgressProgramSpec spec, Precondition precondition, bool force) : WriterCommand<(bool Created, PlacedProgram Program)>
{
    public override string Change => $"put programs/{name}";

    public override WritePlan Plan(PlanContext context)
    {
        var before = context.State.Programs.GetValueOrDefault(name);
        precondition.Require($"programs/{name}", before?.Record.Revision);
        var footprint = new Footprint { Changes = [FootprintKey.Program(name)] };
        if (before is not null && before.Record.Spec == spec)
            return new WritePlan(footprint, [new Placement.OfProgram(name, before, before, [])], before.Record.Revision);
        if (before is not null)
            OwnerRule.Require($"programs/{name}", before.Record.Spec.Owner, new(spec.Owner, force));
        if (before?.Record.Spec.Config != spec.Config && context.State.Targets.UseOf(name) is > 0 and var entries)
            throw new ControlPlaneException(ProgramErrors.InUse(name, entries, context.State.Targets.DevmapWith(name), "changed"));
        var now = context.TimeAfter(before?.Record.UpdateTime);
        var record = new EgressProgramRecord(name, spec, context.NextRevision(), before?.Record.CreateTime ?? now, now);
        return new WritePlan(footprint, [Convergence.Program(before, record)], record.Revision);
    }

    protected override (bool Created, PlacedProgram Program) Answer(PlanContext context, Outcome outcome)
    {
        var placement = (Placement.OfProgram)outcome.Placements[^1];
        return (placement.Before is null, placement.After! with { Entries = context.State.Targets.UseOf(name) });
    }
}
