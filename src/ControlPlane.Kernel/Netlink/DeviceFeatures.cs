using System.Text;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.Libc;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// The features of devices (ethtool), by their names: the numbers of their bits differ between kernels. In the network namespace of the
/// thread that created the object. Safe on any thread.
/// </summary>
internal sealed unsafe class DeviceFeatures : IDisposable
{
    private const string AnyDevice = "lo";
    private const int MaxNames = 256;
    private const int Blocks = 4; // of 32 features

    /// <summary>The features of a device that sends frames of many segments.</summary>
    public static IReadOnlyList<string> SegmentFeatures { get; } =
    [
        "tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation", "tx-tcp6-segmentation", "tx-udp-segmentation",
        "tx-sctp-segmentation", "tx-gso-list",
    ];

    private static readonly (Offloads Offload, string[] Names)[] _offloads =
    [
        (Offloads.SendsPartialChecksums, ["tx-checksum-ip-generic", "tx-checksum-ipv4", "tx-checksum-ipv6"]),
        (Offloads.SendsSegments, [.. SegmentFeatures]),
        (Offloads.SendsTagsBeside, ["tx-vlan-hw-insert", "tx-vlan-stag-hw-insert"]),
        (Offloads.ReceivesTagsBeside, ["rx-vlan-hw-parse"]),
    ];

    private readonly FileDescriptor _socket = FileDescriptor.FromLibbpf(
        KernelCall.FromLibc(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), "socket(ethtool)");

    private readonly Dictionary<string, int> _bits;
    private readonly (Offloads Offload, ulong Mask)[] _masks;

    /// <exception cref="KernelException">The kernel refused.</exception>
    public DeviceFeatures()
    {
        try
        {
            _bits = ReadNames();
        }
        catch
        {
            Dispose();
            throw;
        }

        _masks = [.. _offloads.Select(o => (o.Offload, o.Names.Aggregate(0UL, (mask, name) => mask | Bit(name))))];
    }

    /// <summary>Returns the offloads in a bit set of features (<c>dev->features</c>).</summary>
    public Offloads OffloadsIn(ulong features) =>
        _masks.Where(m => (features & m.Mask) != 0).Aggregate(Offloads.None, (all, m) => all | m.Offload);

    /// <summary>Returns the active features of a device; null if there is no such device.</summary>
    public ulong? Active(string name)
    {
        var request = stackalloc uint[2 + (Blocks * 4)];
        (request[0], request[1]) = (ETHTOOL_GFEATURES, Blocks);
        if (Call(name, request) < 0)
            return null;
        // Each block: available, requested, active, never changed.
        return request[1] switch { 0 => 0UL, 1 => request[4], _ => request[4] | ((ulong)request[8] << 32) };
    }

    /// <summary>Switches features of a device on or off. Features that the kernel does not have stay as they are.</summary>
    /// <exception cref="KernelException">The kernel refused: ENODEV if there is no such device, EPERM without CAP_NET_ADMIN.</exception>
    public void Set(string name, IEnumerable<string> features, bool on)
    {
        var mask = features.Aggregate(0UL, (all, feature) => all | Bit(feature));
        var request = stackalloc uint[2 + (2 * 2)];
        (request[0], request[1]) = (ETHTOOL_SFEATURES, 2);
        (request[2], request[4]) = ((uint)mask, (uint)(mask >> 32));
        (request[3], request[5]) = on ? (request[2], request[4]) : (0, 0);
        KernelCall.Check(Call(name, request), $"ioctl(SIOCETHTOOL, {name})");
    }

    public void Dispose() => _socket.Dispose();

    private ulong Bit(string feature) => _bits.TryGetValue(feature, out var bit) && bit < 64 ? 1UL << bit : 0;

    private Dictionary<string, int> ReadNames()
    {
        var buffer = new byte[sizeof(uint) * 3 + (MaxNames * ETH_GSTRING_LEN)];
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        fixed (byte* start = buffer)
        {
            var request = (uint*)start;
            // Some kernels refuse a length that is not their own, and all take 0.
            (request[0], request[1]) = (ETHTOOL_GSTRINGS, ETH_SS_FEATURES);
            KernelCall.Check(Call(AnyDevice, request), $"ioctl(SIOCETHTOOL, {AnyDevice})");
            for (var i = 0; i < Math.Min(request[2], MaxNames); i++)
            {
                var text = buffer.AsSpan((sizeof(uint) * 3) + (i * ETH_GSTRING_LEN), ETH_GSTRING_LEN);
                if (text[0] != 0)
                    names[Encoding.ASCII.GetString(text[..text.IndexOf((byte)0)])] = i;
            }
        }

        return names;
    }

    private int Call(string name, void* data)
    {
        var request = new ifreq { ifr_data = data };
        Encoding.UTF8.GetBytes(name, new Span<byte>(request.ifr_name, InterfaceName.MaxBytes));
        return KernelCall.FromLibc(ioctl(_socket, SIOCETHTOOL, &request));
    }
}
