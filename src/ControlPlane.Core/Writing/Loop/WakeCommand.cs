using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>Does nothing: the loop looks at the link changes at every turn.</summary>
internal sealed class WakeCommand : WriterCommand
{
    public override WritePlan? Plan(PlanContext context) => null;

    public override void Conclude(PlanContext context, Outcome outcome)
    {
    }

    public override void Refuse(Exception error)
    {
    }

    public override void Complete()
    {
    }
}
