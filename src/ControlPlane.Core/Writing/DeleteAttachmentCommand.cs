using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Takes a devmap's redirect program off an interface. Answers with the revision at which it went.</summary>
internal sealed class DeleteAttachmentCommand(DevmapState devmap, string interfaceName, Precondition precondition) : WriterCommand<long>
{
    protected override Plan<long> Plan(WriterContext context)
    {
        var name = devmap.Definition.Name;
        var before = devmap.Attachments.GetValueOrDefault(interfaceName) ?? throw new ControlPlaneException(AttachmentErrors.NotFound(name, interfaceName));
        precondition.Require($"devmaps/{name}/attachments/{interfaceName}", before.Record.Revision);
        var revision = context.NextRevision();
        return new(
            Footprint.Exclusive,
            [new StoreChange.DeleteAttachment(name, interfaceName)],
            [new StoreChange.PutAttachment(before.Record)],
            (scope, _) =>
            {
                devmap.Kernel.Detach(scope, interfaceName);
                devmap.Attachments = devmap.Attachments.Remove(interfaceName);
                context.TargetsToEnsure.Add(interfaceName);
                context.TargetsToEnsure.UnionWith(context.State.Targets.Interfaces);
                context.Changes.Add(new Change.AttachmentDeleted(devmap, revision, interfaceName));
                return devmap.Revision = revision;
            });
    }
}
