using System.Collections.Frozen;

namespace ControlPlane.Core.Model;

/// <summary>Facts about kinds of devices that the kernel's source settles, from Linux 5.15 to 6.18.</summary>
public static class LinkKinds
{
    // Drivers with neither ndo_bpf nor ndo_xdp_xmit. veth, tun, bond and netdevsim have at least one of them.
    private static readonly FrozenSet<string> Plain = FrozenSet.Create(
        StringComparer.Ordinal,
        "amt", "bareudp", "batadv", "bridge", "dummy", "erspan", "geneve", "gre", "gretap", "gtp", "hsr", "ifb", "ip6erspan", "ip6gre",
        "ip6gretap", "ip6tnl", "ipip", "ipvlan", "ipvtap", "lowpan", "macsec", "macvlan", "macvtap", "netkit", "nlmon", "ovpn", "rmnet", "sit",
        "team", "vcan", "vlan", "vrf", "vsockmon", "vti", "vti6", "vxlan", "wireguard", "xfrm");

    /// <summary>Whether the driver has no XDP of its own: it runs no program in native mode and takes no frames from one.</summary>
    public static bool HasNoXdp(InterfaceInfo info) => info.Kind is { } kind ? Plain.Contains(kind) : info.Name == InterfaceName.Loopback;

    /// <summary>Whether it is a tap: a tun device with Ethernet headers. It takes frames from XDP programs with or without a program of its own.</summary>
    public static bool IsTap(InterfaceInfo info) => info is { Kind: "tun", Mac: not null };
}
