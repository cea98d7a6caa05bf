using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Detaches a devmap's redirect program from an interface. Answers with the revision of the deletion.</summary>
internal sealed class DeleteAttachmentCommand(DevmapId id, string askedName, Precondition precondition, OwnerClaim claim) : WriterCommand<long>
{
    public override string Change => $"delete devmaps/{id.Name}/attachments/{askedName}";

    public override WritePlan Plan(PlanContext context)
    {
        var devmap = context.Devmap(id);
        var before = context.FindAttachment(devmap, askedName) ?? throw new ControlPlaneException(AttachmentErrors.NotFound(id.Name, askedName));
        var interfaceName = before.Record.Interface;
        var name = $"devmaps/{id.Name}/attachments/{interfaceName}";
        precondition.Require(name, before.Record.Revision);
        OwnerRule.Require(name, before.Record.Spec.Owner, claim, deletes: true);
        return new WritePlan(
            new Footprint { Changes = [FootprintKey.Ingress(interfaceName)] }, [Convergence.Deletion(context, devmap, before)], context.NextRevision())
        {
            Converge = [.. TargetsOf(context, interfaceName), new ResourceKey.Promiscuity()],
        };
    }

    protected override long Answer(PlanContext context, Outcome outcome) => outcome.Revision;

    /// <summary>Returns the targets that may need a pass program now, or need one no more: which mode runs where decides that for all.</summary>
    internal static IReadOnlyList<ResourceKey> TargetsOf(PlanContext context, string interfaceName) =>
        [.. context.State.Targets.Interfaces.Append(interfaceName).Select(name => new ResourceKey.Target(name))];
}
