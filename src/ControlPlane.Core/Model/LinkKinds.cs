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

    // Kinds that do not send on what a redirect in generic or tcx mode gives them, each with its behaviour.
    private static readonly FrozenDictionary<string, string> Sinks = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["dummy"] = "discards every frame",
        ["ifb"] = "drops frames or hands them back to this host",
        ["nlmon"] = "discards every frame",
        ["vrf"] = "takes the Ethernet header off and routes the packet on this host",
        ["vsockmon"] = "discards every frame",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Kinds that send on what a redirect in generic or tcx mode gives them: bridge, macvlan, tap, veth and vxlan seen on Linux 6.18, the others by
    // their source.
    private static readonly FrozenSet<string> Senders = FrozenSet.Create(
        StringComparer.Ordinal, "bond", "bridge", "geneve", "gretap", "ip6gretap", "macsec", "macvlan", "macvtap", "team", "tun", "veth", "vlan", "vxlan");

    private static readonly FrozenDictionary<string, string> Instead = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bridge"] = "Send to a port of the bridge instead.",
        ["macvlan"] = "Send to the interface below instead.",
        ["vlan"] = "Send to the interface below instead, with the action pushVlan.",
        ["vrf"] = "Send to a member of the VRF instead.",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Returns why a frame that a redirect in generic or tcx mode sends to the interface does not leave this host; null if nothing is known against it.</summary>
    public static string? SinkBehaviour(InterfaceInfo info) => info.Kind is { } kind ? Sinks.GetValueOrDefault(kind)
        : info.Name == InterfaceName.Loopback ? "returns every frame to this host" : null;

    /// <summary>Whether a frame that a redirect in generic or tcx mode sends to the interface is known to leave by it.</summary>
    public static bool Sends(InterfaceInfo info) => info.Kind is { } kind ? Senders.Contains(kind) : info.Name != InterfaceName.Loopback;

    /// <summary>
    /// Whether the interface hands partial checksums on to another device of this host, which completes them or keeps them in turn. A tap
    /// and hardware make bytes of the frame, MACsec encrypts it: they need checksum offload.
    /// </summary>
    public static bool HandsOnPartialChecksums(InterfaceInfo info) => info.Kind is { } kind && kind is not ("macsec" or "tun") && Senders.Contains(kind);

    /// <summary>Returns another target that serves as well; empty if none is known.</summary>
    public static string Advice(InterfaceInfo info) => Instead.GetValueOrDefault(info.Kind ?? "") is { } advice ? $" {advice}" : "";

    /// <summary>Whether the interface shows XDP only frames for its own addresses unless it is promiscuous.</summary>
    public static bool FiltersAddresses(InterfaceInfo info) =>
        info.IsHardware || info.Kind is "bond" or "bridge" or "ipvlan" or "macsec" or "macvlan" or "macvtap" or "team" or "vlan";

    /// <summary>Whether the driver has no XDP of its own: it runs no program in native mode and takes no frames from one.</summary>
    public static bool HasNoXdp(InterfaceInfo info) => info.Kind is { } kind ? Plain.Contains(kind) : info.Name == InterfaceName.Loopback;

    /// <summary>Whether it is a tap: a tun device with Ethernet headers. It takes frames from XDP programs with or without a program of its own.</summary>
    public static bool IsTap(InterfaceInfo info) => info is { Kind: "tun", Mac: not null };
}
