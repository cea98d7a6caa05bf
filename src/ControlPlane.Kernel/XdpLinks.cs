using ControlPlane.Core.Attachments;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;

namespace ControlPlane.Kernel;

/// <summary>Where one XDP program runs: one <c>bpf_link</c> per interface, pinned under the interface's name. For the writer's thread.</summary>
/// <param name="folder">The folder of the pins.</param>
/// <param name="owner">What the program belongs to, for messages.</param>
internal sealed class XdpLinks(string folder, string owner) : IDisposable
{
    private readonly Dictionary<string, (FileDescriptor Fd, AttachMode Mode)> _links = new(StringComparer.Ordinal);

    /// <summary>All links, dead ones included, by name.</summary>
    public IReadOnlyList<DevmapLink> All =>
        [.. _links.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => Describe(l.Key, l.Value.Fd, l.Value.Mode))];

    /// <summary>The link of this name as the kernel has it now; null when there is none.</summary>
    public DevmapLink? Find(string interfaceName) =>
        _links.TryGetValue(interfaceName, out var link) ? Describe(interfaceName, link.Fd, link.Mode) : null;

    /// <summary>Where the link to the interface of this name is pinned.</summary>
    public static string PinOf(string folder, string interfaceName) => Path.Combine(folder, PinName.Encode(interfaceName));

    /// <exception cref="KernelException">The kernel refused; EBUSY also when a link of that name is alive.</exception>
    public DevmapLink Attach(FileDescriptor program, InterfaceInfo to, AttachMode mode)
    {
        if (_links.TryGetValue(to.Name, out var old))
        {
            // Also when it is alive on another interface, which has been renamed since: the pin's name is taken.
            if (Describe(to.Name, old.Fd, old.Mode).Ifindex != 0)
                throw KernelCall.Failure(AttachOperation(to.Name, mode), Errno.EBUSY);
            Detach(to.Name);
        }

        var link = CreateLink(program, to, mode);
        try
        {
            Pin.Make(link, PinOf(folder, to.Name));
        }
        catch
        {
            link.Dispose();
            throw;
        }

        _links[to.Name] = (link, mode);
        return Describe(to.Name, link, mode);
    }

    /// <summary>Detaches and removes the pin. False when there is no such link.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool Detach(string interfaceName)
    {
        if (!_links.Remove(interfaceName, out var link))
            return false;
        using (link.Fd)
        {
            // Dropping pin and descriptor would detach too, but some time later: the kernel frees links in the background.
            KernelCall.Check(
                KernelCall.Retry(() => Libbpf.bpf_link_detach(link.Fd)),
                $"bpf_link_detach({owner}, interface {interfaceName})");
            File.Delete(PinOf(folder, interfaceName));
        }

        return true;
    }

    /// <summary>Opens the pinned links. The mode is the interface's: no call on the link tells it.</summary>
    /// <exception cref="ControlPlaneException">One is not to this program.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Adopt(uint programId, IInterfaces interfaces)
    {
        foreach (var path in Directory.GetFiles(folder))
        {
            var name = PinName.Decode(Path.GetFileName(path));
            var link = Pin.OpenLink(path);
            var info = BpfInfo.OfLink(link);
            var mode = info.xdp_ifindex == 0 ? null : interfaces.Query(info.xdp_ifindex)?.XdpMode;
            _links[name] = (link, mode ?? AttachMode.Native);
            // A dead link may carry the program of an older build, which was not there any more to be replaced.
            if (info.type != BpfConstants.BPF_LINK_TYPE_XDP || (info.prog_id != programId && info.xdp_ifindex != 0))
                throw Pin.Foreign(path, $"it is a link of type {info.type} to program {info.prog_id}, and not to the program {programId} of {owner}");
        }
    }

    /// <summary>Closes descriptors; the links stay.</summary>
    public void Dispose()
    {
        foreach (var link in _links.Values)
            link.Fd.Dispose();
    }

    private static DevmapLink Describe(string interfaceName, FileDescriptor link, AttachMode mode)
    {
        var info = BpfInfo.OfLink(link);
        return new DevmapLink(interfaceName, info.xdp_ifindex, info.id, mode);
    }

    private unsafe FileDescriptor CreateLink(FileDescriptor program, InterfaceInfo to, AttachMode mode)
    {
        var result = KernelCall.Retry(() =>
        {
            // Never 0: then the kernel may choose generic, silently.
            var flags = mode == AttachMode.Native ? BpfConstants.XDP_FLAGS_DRV_MODE : BpfConstants.XDP_FLAGS_SKB_MODE;
            var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts), flags = flags };
            return Libbpf.bpf_link_create(program, (int)to.Ifindex, BpfConstants.BPF_XDP, &opts);
        });
        return FileDescriptor.FromLibbpf(result, AttachOperation(to.Name, mode));
    }

    private string AttachOperation(string interfaceName, AttachMode mode) =>
        $"bpf_link_create({owner}, interface {interfaceName}, {(mode == AttachMode.Native ? "native" : "generic")})";
}
