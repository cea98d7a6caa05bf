using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Begins or ends the comparison of real frames with a candidate. It changes no desired state.</summary>
internal sealed class RehearseCommand(IRehearsal rehearsal, bool begins) : WriterCommand<bool>
{
    public override WritePlan Plan(PlanContext context) =>
        new(Footprint.Alone, [new Placement.OfObject([new KernelStep.Rehearse(rehearsal, begins)])], context.PlannedRevision);

    protected override bool Answer(PlanContext context, Outcome outcome) => true;
}
