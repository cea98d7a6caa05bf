using ControlPlane.Core.Attachments;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Ports;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>Where the redirect program runs. For the writer's thread.</summary>
internal sealed partial class LibbpfDevmap
{
    public IReadOnlyList<DevmapLink> Links => _links.All;

    public DevmapLink? FindLink(string interfaceName) => _links.Find(interfaceName);

    public DevmapLink Attach(WriterScope scope, InterfaceInfo ingress, AttachMode mode)
    {
        scope.Demand();
        var attached = _links.Attach(_redirect, ingress, mode);
        KernelLog.Attached(_logger, Definition.Name, ingress.Name, mode, attached.LinkId);
        return attached;
    }

    public bool Detach(WriterScope scope, string interfaceName)
    {
        scope.Demand();
        if (!_links.Detach(interfaceName))
            return false;
        KernelLog.Detached(_logger, Definition.Name, interfaceName);
        return true;
    }
}
