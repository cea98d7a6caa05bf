using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Deletes an egress program that no entry carries. Answers with the revision of the deletion.</summary>
internal sealed class DeleteProgramCommand(string name, Precondition precondition, OwnerClaim claim) : WriterCommand<long>
{
    public override string Change => $"delete programs/{name}";

    public override WritePlan Plan(PlanContext context)
    {
        var before = context.State.Programs.GetValueOrDefault(name) ?? throw new ControlPlaneException(ProgramErrors.NotFound(name));
        precondition.Require($"programs/{name}", before.Record.Revision);
        OwnerRule.Require($"programs/{name}", before.Record.Spec.Owner, claim, deletes: true);
        if (context.State.Targets.UseOf(name) is > 0 and var entries)
            throw new ControlPlaneException(ProgramErrors.InUse(name, entries, context.State.Targets.DevmapWith(name), "deleted"));
        return new WritePlan(
            new Footprint { Changes = [FootprintKey.Program(name)] },
            [new Placement.OfProgram(name, before, null, [new KernelStep.UnloadProgram(name, before.Loaded.Config)])],
            context.NextRevision());
    }

    protected override long Answer(PlanContext context, Outcome outcome) => outcome.Revision;
}
