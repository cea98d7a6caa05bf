using System.Text;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Netlink;
using static ControlPlane.Kernel.Native.Libc;

namespace ControlPlane.Kernel.Hosting;

/// <summary>
/// Sets up the peer of a veth, from inside the peer's network namespace: nobody can change these settings from outside. Which settings a
/// peer needs depends on the mode in which the frames that it sends and receives are redirected.
/// </summary>
public sealed unsafe class PeerPreparation : IDisposable
{
    private readonly FileDescriptor _socket = FileDescriptor.FromLibbpf(
        KernelCall.FromLibc(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), "socket(ethtool)");

    private readonly DeviceFeatures _features = new();
    private readonly string _interface;

    /// <param name="interfaceName">The peer, in the network namespace of the calling thread.</param>
    /// <exception cref="KernelException">The kernel refused a socket.</exception>
    public PeerPreparation(string interfaceName) => _interface = interfaceName;

    /// <summary>Changes the settings.</summary>
    /// <param name="mode">The mode of the devmaps' attachments.</param>
    /// <param name="completeChecksums">Whether the peer completes its checksums itself, in native mode.</param>
    /// <returns>The settings in words: changed, or as they were.</returns>
    /// <exception cref="KernelException">The kernel refused: ENODEV if there is no such interface, EPERM without CAP_NET_ADMIN.</exception>
    public IReadOnlyList<string> Apply(AttachMode mode, bool completeChecksums)
    {
        var done = new List<string>();
        if (mode == AttachMode.Native)
        {
            // A veth takes redirected frames only while its peer has GRO or XDP. Native XDP throws the skb away, and tags and sums in it.
            done.Add(Set("generic-receive-offload", ETHTOOL_GGRO, ETHTOOL_SGRO, 1, mask: 1));
            done.Add(Set("tx-vlan-offload", ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, 0, mask: ETH_FLAG_TXVLAN));
            done.Add(SwitchOff("tx-vlan-stag-hw-insert"));
            if (completeChecksums)
                done.Add(Set("tx-checksumming", ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM, 0, mask: 1));
        }
        else if (mode == AttachMode.Generic)
        {
            // Frames of up to 64 KiB would exceed the MTU of the target.
            done.Add(Set("tcp-segmentation-offload", ETHTOOL_GTSO, ETHTOOL_STSO, 0, mask: 1));
            done.AddRange(DeviceFeatures.SegmentFeatures.Where(f => !f.StartsWith("tx-tcp", StringComparison.Ordinal)).Select(SwitchOff));
        }

        return done.Count > 0 ? done : [$"{_interface}: nothing to set, because tcx keeps all that rides beside a frame"];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _features.Dispose();
    }

    private string SwitchOff(string feature)
    {
        var before = _features.Active(_interface);
        _features.Set(_interface, [feature], on: false);
        return $"{_interface}: {feature} is off{(before == _features.Active(_interface) ? ", as before" : "")}";
    }

    private string Set(string feature, uint get, uint set, uint value, uint mask)
    {
        var before = Call(get, 0);
        var after = (before & ~mask) | (value == 0 ? 0 : mask);
        if (before != after)
            Call(set, after);
        var text = value == 0 ? "off" : "on";
        return $"{_interface}: {feature} is {text}{(before == after ? ", as before" : "")}";
    }

    private uint Call(uint command, uint data)
    {
        var value = new ethtool_value { cmd = command, data = data };
        var request = new ifreq { ifr_data = &value };
        Encoding.UTF8.GetBytes(_interface, new Span<byte>(request.ifr_name, InterfaceName.MaxBytes));
        KernelCall.Check(KernelCall.FromLibc(ioctl(_socket, SIOCETHTOOL, &request)), $"ioctl(SIOCETHTOOL, {_interface})");
        return value.data;
    }
}
