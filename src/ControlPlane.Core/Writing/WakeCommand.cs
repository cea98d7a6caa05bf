using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Writing;

/// <summary>Does nothing: the loop looks at the link changes at every turn.</summary>
internal sealed class WakeCommand : WriterCommand
{
    public override bool TryPlan(WriterContext context, Batch batch) => true;

    public override IReadOnlyList<StoreChange> Apply(WriterScope scope, WriterContext context) => [];

    public override void Fail(Exception error)
    {
    }

    public override void Complete()
    {
    }
}
