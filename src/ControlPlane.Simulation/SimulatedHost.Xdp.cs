using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Simulation;

/// <summary>XDP programs on interfaces, and their effect on xdp-features.</summary>
public sealed partial class SimulatedHost
{
    private uint _passProgramId;

    internal uint PassProgramId => _passProgramId == 0 ? _passProgramId = NextId() : _passProgramId;

    /// <summary>Attaches a program and returns the id of the link. The caller holds <see cref="Lock"/>.</summary>
    internal uint AttachXdp(string owner, InterfaceInfo device, AttachMode mode, uint program)
    {
        var operation = $"bpf_link_create({owner}, {device.Name})";
        if (_interfaces.Find(device.Ifindex) is not { } there)
            throw new KernelException(operation, Errno.EINVAL, "EINVAL (Invalid argument)");
        if (there.XdpProgramId is not null)
            throw new KernelException(operation, Errno.EBUSY, "EBUSY (Device or resource busy)");
        if (mode == AttachMode.Native && there.XdpFeatures is { } features && !features.HasFlag(XdpFeatures.Basic))
            throw new KernelException(operation, Errno.EOPNOTSUPP, "EOPNOTSUPP (Operation not supported)");
        SetXdp(there, mode, program);
        return NextId();
    }

    /// <summary>Attaches a tcx program, which stands beside all others, and returns the id of the link. The caller holds <see cref="Lock"/>.</summary>
    internal uint AttachTcx(string owner, InterfaceInfo device) => _interfaces.Find(device.Ifindex) is null
        ? throw new KernelException($"bpf_link_create({owner}, {device.Name})", Errno.ENODEV, "ENODEV (No such device)")
        : NextId();

    /// <summary>Detaches the program of a device, if the device exists. The caller holds <see cref="Lock"/>.</summary>
    internal void DetachXdp(uint ifindex)
    {
        if (_interfaces.Find(ifindex) is { } there)
            SetXdp(there, null, null);
    }

    /// <summary>A link runs another program. The caller holds <see cref="Lock"/>.</summary>
    internal void ReplaceXdp(uint ifindex, uint program)
    {
        if (_interfaces.Find(ifindex) is { } there)
            _interfaces = _interfaces.With(there with { XdpProgramId = program });
    }

    /// <summary>Announces the xdp-features that a program on this device may have changed. The caller does not hold <see cref="Lock"/>.</summary>
    internal void NotifyFeatures(uint ifindex)
    {
        if (Interfaces.Find(ifindex) is { } device && Accepting(device) is { } target)
            Notify(target.Name);
    }

    private void SetXdp(InterfaceInfo device, AttachMode? mode, uint? program)
    {
        _interfaces = _interfaces.With(device with { XdpMode = mode, XdpProgramId = program });
        const XdpFeatures accepts = XdpFeatures.NdoXmit | XdpFeatures.NdoXmitSg;
        if (Accepting(device) is { XdpFeatures: { } features } target)
            _interfaces = _interfaces.With(target with { XdpFeatures = mode == AttachMode.Native ? features | accepts : features & ~accepts });
    }

    /// <summary>
    /// Returns the device that accepts redirected frames because of a program on this device: a veth's peer, or hardware itself.
    /// The features of a veth without a peer in the table do not change.
    /// </summary>
    private InterfaceInfo? Accepting(InterfaceInfo device) => device.Kind switch
    {
        "veth" => _interfaces.PeerOf(device),
        null => _interfaces.Find(device.Ifindex),
        _ => null,
    };
}
