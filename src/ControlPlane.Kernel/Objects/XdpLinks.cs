using System.Collections.Concurrent;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Objects;

/// <summary>The links of programs for XDP or tcx: one <c>bpf_link</c> per interface, pinned under the interface's name. Reads are safe on any thread; the rest is for the writer's.</summary>
/// <param name="folder">The folder of the pins.</param>
/// <param name="owner">The owner of the program, for messages.</param>
/// <param name="interfaces">The interfaces. The kernel announces no link, so they must be asked for again.</param>
internal sealed class XdpLinks(string folder, string owner, IInterfaces interfaces) : IDisposable
{
    private readonly ConcurrentDictionary<string, (FileDescriptor Fd, AttachMode Mode)> _links = new(StringComparer.Ordinal);

    /// <summary>All links by name, dead links included.</summary>
    public IReadOnlyList<DevmapLink> All =>
        [.. _links.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => Describe(l.Key, l.Value.Fd, l.Value.Mode))];

    /// <summary>Returns the link of this name with its current state in the kernel, or null if there is no such link.</summary>
    public DevmapLink? Find(string interfaceName)
    {
        try
        {
            return _links.TryGetValue(interfaceName, out var link) ? Describe(interfaceName, link.Fd, link.Mode) : null;
        }
        catch (ObjectDisposedException)
        {
            return null; // detached by the writer in this moment
        }
    }

    /// <summary>Returns the path of the pin of a link.</summary>
    public static string PinOf(string folder, string interfaceName) => Path.Combine(folder, PinName.Encode(interfaceName));

    /// <summary>Attaches the program and pins the link. A dead link under the same name is replaced.</summary>
    /// <exception cref="KernelException">The kernel refused: EBUSY also if a link of that name is alive.</exception>
    public DevmapLink Attach(FileDescriptor program, InterfaceInfo to, AttachMode mode)
    {
        if (_links.TryGetValue(to.Name, out var old))
        {
            // Also if it is alive on another interface, which was renamed later: the name of the pin is in use.
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
        interfaces.Invalidate(to.Ifindex);
        return Describe(to.Name, link, mode);
    }

    /// <summary>Detaches and removes the pin. Returns false if there is no such link.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool Detach(string interfaceName)
    {
        if (!_links.TryGetValue(interfaceName, out var link))
            return false;
        var ifindex = BpfInfo.OfLink(link.Fd).xdp_ifindex;
        // Removing pin and descriptor would also detach, but later: the kernel frees links in the background.
        KernelCall.Check(
            KernelCall.Retry(() => Libbpf.bpf_link_detach(link.Fd)),
            $"bpf_link_detach({owner}, interface {interfaceName})");
        if (File.Exists(PinOf(folder, interfaceName)))
            File.Delete(PinOf(folder, interfaceName));
        _links.TryRemove(interfaceName, out _);
        link.Fd.Dispose();
        if (ifindex != 0)
            interfaces.Invalidate(ifindex);
        return true;
    }

    /// <summary>Makes each live link run the program that this function returns for its interface and mode, in one step each.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Choose(Func<InterfaceInfo, AttachMode, FileDescriptor> programFor)
    {
        foreach (var (name, (fd, mode)) in _links)
        {
            var link = BpfInfo.OfLink(fd);
            if (link.xdp_ifindex == 0 || interfaces.Query(link.xdp_ifindex) is not { } device)
                continue;
            var program = programFor(device, mode);
            if (BpfInfo.OfProgram(program).id == link.prog_id)
                continue;
            var result = KernelCall.Retry(() => Replace(fd, program));
            // The device was removed a moment ago. The link is dead.
            if (result != -Errno.ENOLINK)
                KernelCall.Check(result, $"bpf_link_update({owner}, interface {name})");
            interfaces.Invalidate(device.Ifindex);
        }
    }

    /// <summary>Opens the pinned links. The mode comes from the interface: no call on the link gives it.</summary>
    /// <exception cref="ControlPlaneException">A link is not a link to this program.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Adopt(IReadOnlyList<uint> programs)
    {
        foreach (var path in Directory.GetFiles(folder))
        {
            var name = PinName.Decode(Path.GetFileName(path));
            var link = Pin.OpenLink(path);
            var info = BpfInfo.OfLink(link);
            var isTcx = info.type == TcxConstants.BPF_LINK_TYPE_TCX;
            var mode = isTcx ? AttachMode.Tcx : info.xdp_ifindex == 0 ? null : interfaces.Query(info.xdp_ifindex)?.XdpMode;
            _links[name] = (link, mode ?? AttachMode.Native);
            // A dead link can carry the program of an older build: an upgrade cannot replace the program of a dead link.
            if ((info.type != BpfConstants.BPF_LINK_TYPE_XDP && !isTcx) || (!programs.Contains(info.prog_id) && info.xdp_ifindex != 0))
                throw Pin.Foreign(path, $"it is a link of type {info.type} to program {info.prog_id}, not to the program {string.Join(" or ", programs)} of {owner}");
        }
    }

    /// <summary>The links with their pins, and their folder.</summary>
    public IEnumerable<HeldPin> Held(string unit) =>
        [new(unit, folder, null), .. _links.Select(l => new HeldPin(unit, PinOf(folder, l.Key), l.Value.Fd))];

    /// <summary>Closes descriptors. The links stay.</summary>
    public void Dispose()
    {
        foreach (var link in _links.Values)
            link.Fd.Dispose();
    }

    private static unsafe int Replace(FileDescriptor link, FileDescriptor program) => Libbpf.bpf_link_update(link, program, null);

    private static DevmapLink Describe(string interfaceName, FileDescriptor link, AttachMode mode)
    {
        var info = BpfInfo.OfLink(link);
        return new DevmapLink(interfaceName, info.xdp_ifindex, info.id, mode, info.prog_id);
    }

    private unsafe FileDescriptor CreateLink(FileDescriptor program, InterfaceInfo to, AttachMode mode)
    {
        var result = KernelCall.Retry(() =>
        {
            // For XDP never 0: the kernel could then silently choose generic.
            var (type, flags) = mode switch
            {
                AttachMode.Tcx => (TcxConstants.BPF_TCX_INGRESS, 0u),
                AttachMode.Native => (BpfConstants.BPF_XDP, BpfConstants.XDP_FLAGS_DRV_MODE),
                _ => (BpfConstants.BPF_XDP, BpfConstants.XDP_FLAGS_SKB_MODE),
            };
            var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts), flags = flags };
            return Libbpf.bpf_link_create(program, (int)to.Ifindex, type, &opts);
        });
        return FileDescriptor.FromLibbpf(result, AttachOperation(to.Name, mode));
    }

    private string AttachOperation(string interfaceName, AttachMode mode) =>
        $"bpf_link_create({owner}, interface {interfaceName}, {mode.ToText()})";
}
