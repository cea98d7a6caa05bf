using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>The links of the redirect program. For the writer's thread.</summary>
internal sealed partial class LibbpfDevmap
{
    public IReadOnlyList<DevmapLink> Links => _links.All;

    public DevmapLink? FindLink(string interfaceName) => _links.Find(interfaceName);

    public DevmapLink Attach(WriterScope scope, InterfaceInfo ingress, AttachMode mode)
    {
        scope.Demand();
        var attached = _links.Attach(ProgramFor(ingress, mode), ingress, mode);
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

    private FileDescriptor ProgramFor(InterfaceInfo ingress, AttachMode mode) => _redirects[RedirectPrograms.For(Definition.Spec, ingress, mode)].Fd;
}
