using System.Globalization;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>What an interface's own facts say about it as the target of redirects. They belong to the interface, not to the entries.</summary>
internal static class TargetConditions
{
    /// <summary>The conditions of a target.</summary>
    /// <param name="target">The interface.</param>
    /// <param name="peer">The other end of a veth, if it is in the same network namespace.</param>
    /// <param name="ingress">Where the frames come from.</param>
    /// <param name="ensured">What became of a pass program for it; null where none is needed or wanted.</param>
    /// <param name="secondTag">Whether frames that carry a VLAN tag get another one from the egress program.</param>
    /// <param name="lengths">The length of the one frame that is judged, as it comes in and as it goes out; null to judge all that can come in.</param>
    public static IReadOnlyList<Condition> Of(
        InterfaceInfo target, InterfaceInfo? peer, IngressFacts ingress, PlacedPassProgram? ensured, bool secondTag = false, (int In, int Out)? lengths = null) =>
    [
        Up(target), Carrier(target, peer), Accepts(target, peer, ingress, ensured),
        lengths is { } known ? Mtu(target, peer, known.In, known.Out) : Mtu(target, peer, ingress.Widest, secondTag),
    ];

    /// <summary>The longest frame, in bytes from its header on, that the kernel takes for an interface: its MTU, an Ethernet header and one VLAN tag.</summary>
    public static long LongestFrame(InterfaceInfo info, uint mtu) => mtu + (info.Mac is null ? 0 : TestFrame.EthernetBytes) + TestFrame.TagBytes;

    private static Condition Up(InterfaceInfo target) => target.IsUp
        ? new(ConditionTypes.InterfaceUp, true, "Up", $"'{target.Name}' is up.")
        : new(
            ConditionTypes.InterfaceUp,
            false,
            "AdministrativelyDown",
            $"'{target.Name}' is administratively down; the kernel drops frames redirected to it (ENETDOWN).",
            $"ip link set dev {target.Name} up");

    private static Condition Carrier(InterfaceInfo target, InterfaceInfo? peer)
    {
        if (target.HasCarrier)
            return new(ConditionTypes.CarrierPresent, true, "CarrierPresent", $"'{target.Name}' has carrier.");
        if (!target.IsUp)
            return new(ConditionTypes.CarrierPresent, false, "AdministrativelyDown", $"'{target.Name}' has no carrier while it is down.", $"ip link set dev {target.Name} up");
        return target.Kind == "veth"
            ? new(
                ConditionTypes.CarrierPresent,
                false,
                "PeerDown",
                $"The peer of '{target.Name}' is down; frames sent to it are dropped (ENXIO).",
                AtPeer(peer, "ip link set dev {0} up"))
            : new(ConditionTypes.CarrierPresent, false, "NoCarrier", $"'{target.Name}' has no carrier.", "Check the cable, the switch port, or the lower device.");
    }

    private static Condition Accepts(InterfaceInfo target, InterfaceInfo? peer, IngressFacts ingress, PlacedPassProgram? ensured)
    {
        const string Type = ConditionTypes.TargetAcceptsRedirect;
        if (!ingress.Native)
            return new(Type, true, "GenericMode", "The redirect program runs in generic mode, in which every interface accepts redirected frames.");
        if (target.XdpFeatures is not { } features)
            return new(Type, true, "Unknown", "This kernel does not tell which interfaces accept redirected frames (it would from 6.3 on).");
        if (features.HasFlag(XdpFeatures.NdoXmit) && ensured?.Program is { } program)
            return new(Type, true, "PassProgram", $"'{target.Name}' accepts redirected frames because this daemon runs a pass program on '{program.Interface}'.");
        if (features.HasFlag(XdpFeatures.NdoXmit))
            return new(Type, true, "NdoXmit", $"'{target.Name}' accepts redirected frames.");
        var refusal = ensured?.Failure is { } failure ? $" A pass program was refused: {failure}." : "";
        return target.Kind == "veth"
            ? new(
                Type,
                false,
                "PeerWithoutXdp",
                $"The peer of '{target.Name}' has neither an XDP program nor GRO; '{target.Name}' refuses redirected frames (EOPNOTSUPP).{refusal}",
                AtPeer(peer, "ethtool -K {0} gro on"))
            : new(
                Type,
                false,
                "NoNdoXmit",
                $"The driver of '{target.Name}' does not accept redirected frames as it is set up now (EOPNOTSUPP).{refusal}",
                !features.HasFlag(XdpFeatures.Basic) && ingress.NativeAttachment is { } attachment
                    ? $"PUT /v1/{attachment} with {{\"mode\": \"generic\"}}"
                    : "Many drivers accept them once an XDP program is attached to the device itself; else attach the devmap in generic mode.");
    }

    /// <summary>
    /// The kernel compares a frame's length with the MTU of the target (<c>xdp_ok_fwd_dev</c>), and veth with that of its peer
    /// (<c>veth_xdp_xmit</c>), both with room for an Ethernet header and one VLAN tag: as much as a frame of the ingress has.
    /// A second tag, which an egress program adds between the two, has no room but what the MTU gives. Only veth is known to look then;
    /// of others the MTU says for what they are set up.
    /// </summary>
    private static Condition Mtu(InterfaceInfo target, InterfaceInfo? peer, InterfaceInfo? ingress, bool secondTag)
    {
        const string Type = ConditionTypes.MtuSufficient;
        if (ingress is null)
            return new(Type, true, "NoIngress", $"The MTU of '{target.Name}' is {target.Mtu}; the redirect program runs on no interface to compare it with.");
        if (ingress.Mtu > target.Mtu)
        {
            return new(
                Type,
                false,
                "IngressMtuLarger",
                $"Frames from '{ingress.Name}' can have {ingress.Mtu} bytes, but the MTU of '{target.Name}' is {target.Mtu}: the kernel drops those that are longer (EMSGSIZE).",
                $"ip link set dev {target.Name} mtu {ingress.Mtu}");
        }

        var needed = ingress.Mtu + (secondTag ? (uint)TestFrame.TagBytes : 0);
        var tag = secondTag ? $", and the egress program adds a second VLAN tag of {TestFrame.TagBytes}" : "";
        var peerMtu = PeerMtu(target, peer);
        if (needed > peerMtu)
        {
            return new(
                Type,
                false,
                "PeerMtuSmaller",
                $"Frames from '{ingress.Name}' can have {ingress.Mtu} bytes{tag}, but the MTU of the peer of '{target.Name}' is {peerMtu}: the driver drops those that are longer.",
                AtPeer(peer, $"ip link set dev {{0}} mtu {needed}"));
        }

        return target.Kind != "veth" && needed > target.Mtu
            ? new(
                Type,
                false,
                "NoRoomForTag",
                $"Frames from '{ingress.Name}' can have {ingress.Mtu} bytes{tag}, but the MTU of '{target.Name}' is {target.Mtu}.",
                $"ip link set dev {target.Name} mtu {needed}")
            : new(Type, true, "Sufficient", $"The MTU of '{target.Name}' is {target.Mtu}, the largest of an ingress {ingress.Mtu}.");
    }

    /// <summary>The same for one frame: the first comparison is made before the egress program runs, the second after it.</summary>
    private static Condition Mtu(InterfaceInfo target, InterfaceInfo? peer, int bytesIn, int bytesOut)
    {
        const string Type = ConditionTypes.MtuSufficient;
        var longest = LongestFrame(target, target.Mtu);
        if (bytesIn > longest)
        {
            return new(
                Type,
                false,
                "FrameTooLong",
                $"The frame has {bytesIn} bytes, but '{target.Name}' with its MTU of {target.Mtu} takes {longest}: the kernel drops it (EMSGSIZE).",
                $"ip link set dev {target.Name} mtu {bytesIn - TestFrame.EthernetBytes}");
        }

        return PeerMtu(target, peer) is { } mtu && bytesOut > LongestFrame(target, mtu)
            ? new(
                Type,
                false,
                "FrameTooLongForPeer",
                $"The frame goes out with {bytesOut} bytes, but the peer of '{target.Name}' with its MTU of {mtu} takes {LongestFrame(target, mtu)}: the driver drops it.",
                AtPeer(peer, $"ip link set dev {{0}} mtu {bytesOut - TestFrame.EthernetBytes}"))
            : new(Type, true, "FrameFits", $"The frame has {bytesIn} bytes; '{target.Name}' with its MTU of {target.Mtu} takes {longest}.");
    }

    private static uint? PeerMtu(InterfaceInfo target, InterfaceInfo? peer) => target.Kind == "veth" ? peer?.Mtu ?? target.PeerMtu : null;

    // A peer that is not in the daemon's network namespace is out of its sight, its name too.
    private static string AtPeer(InterfaceInfo? peer, string command) => peer is null
        ? "In the peer's network namespace: " + string.Format(CultureInfo.InvariantCulture, command, "PEER")
        : string.Format(CultureInfo.InvariantCulture, command, peer.Name);
}
