using ControlPlane.Core.Attachments;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>Where the redirect program runs: one pinned <c>bpf_link</c> per ingress interface. For the writer's thread.</summary>
internal sealed partial class LibbpfDevmap
{
    private readonly Dictionary<string, (FileDescriptor Fd, AttachMode Mode)> _links = [];

    public IReadOnlyList<DevmapLink> Links =>
        [.. _links.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => Describe(l.Key, l.Value.Fd, l.Value.Mode))];

    public DevmapLink? FindLink(string interfaceName) =>
        _links.TryGetValue(interfaceName, out var link) ? Describe(interfaceName, link.Fd, link.Mode) : null;

    public DevmapLink Attach(WriterScope scope, InterfaceInfo ingress, AttachMode mode)
    {
        scope.Demand();
        if (_links.TryGetValue(ingress.Name, out var old))
        {
            // Also when it is alive on another interface, which has been renamed since: the pin's name is taken.
            if (Describe(ingress.Name, old.Fd, old.Mode).Ifindex != 0)
                throw KernelCall.Failure(AttachOperation(ingress.Name, mode), Errno.EBUSY);
            Detach(scope, ingress.Name);
        }

        var link = CreateLink(ingress, mode);
        try
        {
            Pin.Make(link, _pins.Link(ingress.Name));
        }
        catch
        {
            link.Dispose();
            throw;
        }

        _links[ingress.Name] = (link, mode);
        var attached = Describe(ingress.Name, link, mode);
        KernelLog.Attached(_logger, Definition.Name, ingress.Name, mode, attached.LinkId);
        return attached;
    }

    public bool Detach(WriterScope scope, string interfaceName)
    {
        scope.Demand();
        if (!_links.Remove(interfaceName, out var link))
            return false;
        using (link.Fd)
        {
            // Dropping pin and descriptor would detach too, but some time later: the kernel frees links in the background.
            KernelCall.Check(
                KernelCall.Retry(() => Libbpf.bpf_link_detach(link.Fd)),
                $"bpf_link_detach(devmap {Definition.Name}, interface {interfaceName})");
            File.Delete(_pins.Link(interfaceName));
        }

        KernelLog.Detached(_logger, Definition.Name, interfaceName);
        return true;
    }

    private static DevmapLink Describe(string interfaceName, FileDescriptor link, AttachMode mode)
    {
        var info = BpfInfo.OfLink(link);
        return new DevmapLink(interfaceName, info.xdp_ifindex, info.id, mode);
    }

    private unsafe FileDescriptor CreateLink(InterfaceInfo ingress, AttachMode mode)
    {
        var result = KernelCall.Retry(() =>
        {
            // Never 0: then the kernel may choose generic, silently.
            var flags = mode == AttachMode.Native ? BpfConstants.XDP_FLAGS_DRV_MODE : BpfConstants.XDP_FLAGS_SKB_MODE;
            var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts), flags = flags };
            return Libbpf.bpf_link_create(_redirect, (int)ingress.Ifindex, BpfConstants.BPF_XDP, &opts);
        });
        return FileDescriptor.FromLibbpf(result, AttachOperation(ingress.Name, mode));
    }

    /// <summary>Opens the pinned links. The mode is the interface's: no call on the link tells it.</summary>
    private void AdoptLinks()
    {
        foreach (var path in Directory.GetFiles(_pins.Links))
        {
            var name = PinName.Decode(Path.GetFileName(path));
            var link = Pin.OpenLink(path);
            var info = BpfInfo.OfLink(link);
            var mode = info.xdp_ifindex == 0 ? null : _interfaces.Query(info.xdp_ifindex)?.XdpMode;
            _links[name] = (link, mode ?? AttachMode.Native);
            // A dead link may carry the program of an older build, which was not there any more to be replaced.
            if (info.type != BpfConstants.BPF_LINK_TYPE_XDP || (info.prog_id != RedirectProgramId && info.xdp_ifindex != 0))
                throw Pin.Foreign(path, $"it is a link of type {info.type} to program {info.prog_id}, and not to the redirect program {RedirectProgramId}");
        }
    }

    private string AttachOperation(string interfaceName, AttachMode mode) =>
        $"bpf_link_create(devmap {Definition.Name}, interface {interfaceName}, {(mode == AttachMode.Native ? "native" : "generic")})";
}
