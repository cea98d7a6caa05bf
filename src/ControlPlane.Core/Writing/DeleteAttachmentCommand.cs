using ControlPlane.Core.Attachments;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Takes a devmap's redirect program off an interface.</summary>
internal sealed class DeleteAttachmentCommand(DevmapState devmap, string interfaceName) : WriterCommand<bool>
{
    protected override bool Run(WriterScope scope, WriterContext context)
    {
        if (!devmap.Attachments.ContainsKey(interfaceName))
            throw AttachmentService.NotFound(devmap.Definition.Name, interfaceName);
        devmap.Kernel.Detach(scope, interfaceName);
        devmap.Revision = context.State.NextRevision();
        devmap.Attachments = devmap.Attachments.Remove(interfaceName);
        return true;
    }
}
