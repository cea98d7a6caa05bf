using System.Text;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>
/// Asks the kernel for interfaces: rtnetlink for their attributes, genetlink <c>netdev</c> for their xdp-features.
/// Safe on any thread. The network namespace is that of the thread that created the object.
/// </summary>
internal sealed class LinkQueries : IDisposable
{
    private const int RequestBytes = 256;
    private readonly NetlinkClient _rtnetlink = new(NETLINK_ROUTE);
    private readonly NetlinkClient? _genetlink;
    private readonly NamedNamespaces _namespaces;
    private readonly DeviceFeatures _features = new();
    private readonly Lazy<PeerPeek?> _peek;

    /// <param name="asksNetdev">Whether the family <c>netdev</c> is used; false behaves as a kernel before Linux 6.3.</param>
    /// <exception cref="KernelException">The kernel refused sockets of these protocols.</exception>
    /// <param name="peeks">Whether the offloads of peers in other namespaces are read; false behaves as a host that does not show them.</param>
    public LinkQueries(bool asksNetdev = true, bool peeks = true)
    {
        _peek = new(() => peeks ? PeerPeek.TryLoad() : null);
        _namespaces = new NamedNamespaces(_rtnetlink);
        try
        {
            _genetlink = new NetlinkClient(NETLINK_GENERIC);
            Netdev = asksNetdev ? NetdevFamily.Resolve(_genetlink) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The family that reports xdp-features; null before Linux 6.3.</summary>
    public NetdevFamily? Netdev { get; }

    /// <summary>Returns the interface that has this name or this alternative name, or null.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public InterfaceInfo? Query(string name)
    {
        if (!InterfaceName.IsValid(name))
            return null;
        Span<byte> text = stackalloc byte[InterfaceName.MaxAltBytes + 1];
        var length = Encoding.UTF8.GetBytes(name, text);
        text[length] = 0;
        var request = LinkRequest(stackalloc byte[RequestBytes], ifindex: 0);
        // The kernel looks for both kinds of names under either attribute, which differ in length only.
        request.Attribute(length <= InterfaceName.MaxBytes ? IFLA_IFNAME : IFLA_ALT_IFNAME, text[..(length + 1)]);
        return QueryOne(request) is { } info ? WithFeatures(WithOffloads(info)) : null;
    }

    /// <summary>Returns the interface of this index, or null.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public InterfaceInfo? Query(uint ifindex)
    {
        if (ifindex is 0 or > int.MaxValue)
            return null;
        var request = LinkRequest(stackalloc byte[RequestBytes], (int)ifindex);
        return QueryOne(request) is { } info ? WithFeatures(WithOffloads(info)) : null;
    }

    /// <summary>Returns all interfaces.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public InterfaceTable QueryAll()
    {
        var request = LinkRequest(stackalloc byte[RequestBytes], ifindex: 0, NLM_F_DUMP);
        ThrowIf(_rtnetlink.Ask<List<InterfaceInfo>>(request.Message, out var links, Collect), "RTM_GETLINK(all)");
        var features = QueryAllFeatures();
        return links.Aggregate(InterfaceTable.Empty, (table, link) =>
            table.With(WithOffloads(features.TryGetValue(link.Ifindex, out var known) ? link with { XdpFeatures = known } : link)));
    }

    /// <summary>Sets or clears the administrative flag IFF_PROMISC.</summary>
    /// <exception cref="KernelException">The kernel refused. ENODEV: no such interface.</exception>
    public void SetPromiscuous(uint ifindex, bool promiscuous)
    {
        var request = new NetlinkRequest(stackalloc byte[RequestBytes], RTM_SETLINK, NLM_F_ACK);
        request.Append(new ifinfomsg { ifi_family = AF_UNSPEC, ifi_index = (int)ifindex, ifi_flags = promiscuous ? IFF_PROMISC : 0, ifi_change = IFF_PROMISC });
        ThrowIf(_rtnetlink.Ask<List<InterfaceInfo>>(request.Message, out _, Collect), "RTM_SETLINK");
    }

    public void Dispose()
    {
        _rtnetlink.Dispose();
        _genetlink?.Dispose();
        _features.Dispose();
        if (_peek.IsValueCreated)
            _peek.Value?.Dispose();
    }

    private static NetlinkRequest LinkRequest(Span<byte> buffer, int ifindex, ushort flags = 0)
    {
        var request = new NetlinkRequest(buffer, RTM_GETLINK, flags);
        request.Append(new ifinfomsg { ifi_family = AF_UNSPEC, ifi_index = ifindex });
        request.Attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return request;
    }

    private InterfaceInfo? QueryOne(NetlinkRequest request)
    {
        var errno = _rtnetlink.Ask<List<InterfaceInfo>>(request.Message, out var links, Collect);
        if (errno == Errno.ENODEV)
            return null;
        ThrowIf(errno, "RTM_GETLINK");
        return links.FirstOrDefault();
    }

    private InterfaceInfo WithOffloads(InterfaceInfo info) =>
        WithPeer(_features.Active(info.Name) is { } features ? info with { Offloads = _features.OffloadsIn(features) } : info);

    /// <summary>Adds the current facts of the peer, if the peer is in another namespace. The kernel announces changes of them only there.</summary>
    public InterfaceInfo WithPeer(InterfaceInfo info)
    {
        if (!HasPeerElsewhere(info))
            return info;
        var peer = QueryPeer(info);
        return info with
        {
            PeerMtu = peer?.Mtu,
            PeerMaxMtu = peer?.MaxMtu ?? 0,
            PeerName = peer?.Name,
            PeerOffloads = _peek.Value?.Features(info.Ifindex, info.LinkIfindex!.Value) is { } features ? _features.OffloadsIn(features) : null,
            PeerNamespace = peer is null ? null : _namespaces.Find(info.LinkNetnsId!.Value),
        };
    }

    /// <summary>Returns whether the interface is a veth whose peer is in another namespace.</summary>
    public static bool HasPeerElsewhere(InterfaceInfo info) => info is { Kind: "veth", LinkIfindex: not null, LinkNetnsId: not null };

    // Null if the kernel does not report it: the namespace no longer exists, belongs to another user namespace, or has no id here.
    private InterfaceInfo? QueryPeer(InterfaceInfo info)
    {
        var request = LinkRequest(stackalloc byte[RequestBytes], (int)info.LinkIfindex!.Value);
        request.Attribute(IFLA_TARGET_NETNSID, (uint)info.LinkNetnsId!.Value);
        return _rtnetlink.Ask<List<InterfaceInfo>>(request.Message, out var links, Collect) == 0 ? links.FirstOrDefault() : null;
    }

    // Null if the device was removed between the two requests.
    private InterfaceInfo? WithFeatures(InterfaceInfo info)
    {
        if (Netdev is null)
            return info;
        var request = FeatureRequest(stackalloc byte[RequestBytes]);
        request.Attribute(NETDEV_A_DEV_IFINDEX, info.Ifindex);
        var errno = _genetlink!.Ask<Dictionary<uint, XdpFeatures>>(request.Message, out var features, Netdev.Collect);
        if (errno == Errno.ENODEV)
            return null;
        ThrowIf(errno, "NETDEV_CMD_DEV_GET");
        return info with { XdpFeatures = features.GetValueOrDefault(info.Ifindex) };
    }

    private Dictionary<uint, XdpFeatures> QueryAllFeatures()
    {
        if (Netdev is null)
            return [];
        var request = FeatureRequest(stackalloc byte[RequestBytes], NLM_F_DUMP);
        ThrowIf(_genetlink!.Ask<Dictionary<uint, XdpFeatures>>(request.Message, out var features, Netdev.Collect), "NETDEV_CMD_DEV_GET(all)");
        return features;
    }

    private NetlinkRequest FeatureRequest(Span<byte> buffer, ushort flags = 0)
    {
        var request = new NetlinkRequest(buffer, Netdev!.Id, flags);
        request.Append(new genlmsghdr { cmd = NETDEV_CMD_DEV_GET, version = 1 });
        return request;
    }

    private static void Collect(List<InterfaceInfo> links, in NetlinkMessage message)
    {
        if (LinkMessage.Read(message) is { } info)
            links.Add(info);
    }

    private static void ThrowIf(int errno, string operation)
    {
        if (errno != 0)
            throw KernelCall.Failure(operation, errno);
    }
}
