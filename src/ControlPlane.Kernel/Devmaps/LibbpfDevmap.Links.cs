using ControlPlane.Core.Errors;
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
        var attached = mode == AttachMode.Auto ? AttachByOneOf(ingress) : AttachIn(ingress, mode);
        KernelLog.Attached(_logger, Definition.Name, ingress.Name, attached.Mode, attached.LinkId);
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

    public IRehearsal PrepareRehearsal()
    {
        if (_rehearsal is not null)
            throw KernelCall.Failure($"rehearsal of devmap {Definition.Name}", Errno.EBUSY);
        return new LibbpfRehearsal(this, _pins, _redirects.ContainsKey(RedirectProgram.Tcx), hasPeers: _judge is not null);
    }

    /// <summary>
    /// Has all links run the programs of a rehearsal, and those that are attached meanwhile; null for their own. If the devmap has other settings by now,
    /// the links are not its own any more, and nothing happens.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    internal void Run(LibbpfRehearsal? rehearsal)
    {
        if (IsReplaced)
            return;
        _rehearsal = rehearsal;
        _links.Choose(ProgramFor);
    }

    /// <summary>Returns the descriptor of the program with this id; null if it is none of this devmap. The devmap owns the descriptor.</summary>
    public FileDescriptor? FindProgram(uint programId)
    {
        foreach (var (fd, id) in Programs)
        {
            if (id == programId)
                return fd;
        }

        return null;
    }

    // A mode that the driver does not have gives way to the next one. A conflict does not.
    private DevmapLink AttachByOneOf(InterfaceInfo ingress)
    {
        var modes = AutoMode.For(ingress, _redirects.ContainsKey(RedirectProgram.Tcx));
        foreach (var mode in modes.SkipLast(1))
        {
            try
            {
                return AttachIn(ingress, mode);
            }
            catch (KernelException e) when (e.Errno is Errno.EOPNOTSUPP or Errno.ENOTSUPP or Errno.ERANGE or Errno.ENOSPC)
            {
                continue;
            }
        }

        return AttachIn(ingress, modes[^1]);
    }

    private DevmapLink AttachIn(InterfaceInfo ingress, AttachMode mode) => mode != AttachMode.Tcx || _redirects.ContainsKey(RedirectProgram.Tcx)
        ? _links.Attach(ProgramFor(ingress, mode), ingress, mode)
        : throw KernelCall.Failure($"bpf_link_create(devmap {Definition.Name}, interface {ingress.Name}, tcx)", Errno.EINVAL);

    private IEnumerable<(FileDescriptor Fd, uint Id)> Programs => _redirects.Values.Concat(_rehearsal?.Programs.Values ?? []);

    private FileDescriptor ProgramFor(InterfaceInfo ingress, AttachMode mode) =>
        (_rehearsal?.Programs ?? _redirects)[RedirectPrograms.For(Definition.Spec, ingress, mode)].Fd;
}
