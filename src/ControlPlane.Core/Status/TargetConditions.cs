using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>The conditions of an interface as the target of redirects. They belong to the interface, not to the entries.</summary>
internal static class TargetConditions
{
    /// <summary>The conditions of a target.</summary>
    /// <param name="target">The interface.</param>
    /// <param name="peer">The other end of a veth, if it is in the same network namespace.</param>
    /// <param name="ingress">Where the frames come from.</param>
    /// <param name="pass">The pass program for it; null where none is needed or desired.</param>
    /// <param name="growth">The VLAN tags that actions and the egress program add or remove.</param>
    /// <param name="lengths">The length of the one frame that is judged, as it is redirected and as it goes out; null to judge all that can come in.</param>
    public static IReadOnlyList<Condition> Of(
        InterfaceInfo target, InterfaceInfo? peer, IngressFacts ingress, PlacedPassProgram? pass, TagGrowth growth = default, (int In, int Out)? lengths = null) =>
    [
        Up(target), Carrier(target, peer), Accepts(target, peer, ingress, pass),
        lengths is { } known ? Mtu(target, peer, ingress, known.In, known.Out) : Mtu(target, peer, ingress, growth),
        .. Headers(target),
    ];

    /// <summary>The longest frame, in bytes from its header on, that the kernel takes for an interface: its MTU, an Ethernet header and one VLAN tag.</summary>
    public static long LongestFrame(InterfaceInfo info, uint mtu) => mtu + (info.Mac is null ? 0 : EthernetHeader.Bytes) + EthernetHeader.TagBytes;

    private static Condition Up(InterfaceInfo target) => target.IsUp
        ? ConditionTypes.InterfaceUp.True("Up", $"'{target.Name}' is up.")
        : ConditionTypes.InterfaceUp.False(
                "AdministrativelyDown",
            $"'{target.Name}' is administratively down; the kernel drops frames redirected to it (ENETDOWN).",
            CommonRemedies.SetUp(target.Name));

    /// <summary>The condition of a VLAN device that is down. The device below it sends the frames.</summary>
    public static Condition VlanUp(InterfaceInfo named) => ConditionTypes.InterfaceUp.False(
        "AdministrativelyDown", $"The VLAN device '{named.Name}' is administratively down.", CommonRemedies.SetUp(named.Name));

    private static Condition[] Headers(InterfaceInfo target) => target.CarriesEthernet
        ? []
        : [ConditionTypes.CarriesEthernet.False("NoEthernetHeaders", InterfaceErrors.NoEthernet(target.Name, target.Kind), CommonRemedies.UseEthernet())];

    private static Condition Carrier(InterfaceInfo target, InterfaceInfo? peer)
    {
        if (target.HasCarrier)
            return ConditionTypes.CarrierPresent.True("CarrierPresent", $"'{target.Name}' has carrier.");
        if (!target.IsUp)
            return ConditionTypes.CarrierPresent.False("AdministrativelyDown", $"'{target.Name}' has no carrier while it is down.", CommonRemedies.SetUp(target.Name));
        return target.Kind == "veth"
            ? ConditionTypes.CarrierPresent.False(
                "PeerDown",
                $"The peer of '{target.Name}' is down; frames sent to it are dropped (ENXIO).",
                CommonRemedies.SetPeerUp(PlaceOf(target, peer)))
            : ConditionTypes.CarrierPresent.False("NoCarrier", $"'{target.Name}' has no carrier.", CommonRemedies.CheckCable());
    }

    private static Condition Accepts(InterfaceInfo target, InterfaceInfo? peer, IngressFacts ingress, PlacedPassProgram? pass)
    {
        var type = ConditionTypes.TargetAcceptsRedirect;
        if (!ingress.Native)
            return AcceptsFromStack(target, ingress.OnlyTcx ? "tcx" : "generic");
        if (target.XdpFeatures is not { } features)
            return AcceptsByKind(target, peer, ingress, pass);
        if (features.HasFlag(XdpFeatures.NdoXmit) && pass?.Program is { } program)
            return type.True("PassProgram", $"'{target.Name}' accepts redirected frames because this daemon runs a pass program on '{program.Interface}'.{(target.IsHardware ? " It stays there when the last entry goes, because detaching resets a NIC." : "")}");
        if (features.HasFlag(XdpFeatures.NdoXmit))
            return type.True("NdoXmit", $"'{target.Name}' accepts redirected frames.");
        var refusal = pass?.Failure is { } failure ? $" A pass program was refused: {failure.Message}." : "";
        return target.Kind == "veth"
            ? type.False(
                "PeerWithoutXdp",
                $"The peer of '{target.Name}' has neither an XDP program nor GRO; '{target.Name}' refuses redirected frames (EOPNOTSUPP).{refusal}",
                CommonRemedies.TurnOnPeerGro(PlaceOf(target, peer)))
            : type.False(
                "NoNdoXmit",
                $"The driver of '{target.Name}' does not accept redirected frames as it is set up now (EOPNOTSUPP).{refusal}{LinkKinds.Advice(target)}",
                !features.HasFlag(XdpFeatures.Basic) && ingress.NativeAttachment is { } attachment
                    ? CommonRemedies.AttachGeneric(attachment.ToWrite())
                    : CommonRemedies.AttachAtTarget(target.Name, target.IsHardware, features.HasFlag(XdpFeatures.Basic)));
    }

    // In generic and tcx mode no interface refuses a frame. Whether the frame leaves by it is a matter of its kind.
    private static Condition AcceptsFromStack(InterfaceInfo target, string mode)
    {
        var type = ConditionTypes.TargetAcceptsRedirect;
        if (LinkKinds.SinkBehaviour(target) is { } behaviour)
        {
            return type.False(
                "KindDoesNotSend",
                $"'{target.Name}'{(target.Kind is { } kind ? $" is of the kind '{kind}', which" : "")} {behaviour}.{LinkKinds.Advice(target)}",
                CommonRemedies.OtherTarget());
        }

        return LinkKinds.Sends(target)
            ? type.True(
                mode == "tcx" ? "TcxMode" : "GenericMode",
                $"The redirect program runs in {mode} mode, in which interfaces of this kind accept redirected frames.")
            : type.Unknown("KindUnknown", $"Whether interfaces of the kind '{target.Kind}' send on frames that are redirected in {mode} mode is not known.");
    }

    /// <summary>
    /// The same below Linux 6.3, which does not report xdp-features. The kind of the device settles it, or a program that is seen at the
    /// right place, or the kernel's refusal of a pass program. Nothing unknown counts as true.
    /// </summary>
    private static Condition AcceptsByKind(InterfaceInfo target, InterfaceInfo? peer, IngressFacts ingress, PlacedPassProgram? pass)
    {
        var type = ConditionTypes.TargetAcceptsRedirect;
        if (target.Kind == "veth" && pass?.Program is { } program)
            return type.True("PassProgram", $"'{target.Name}' accepts redirected frames because this daemon runs a pass program on '{program.Interface}'.");
        if (target.Kind == "veth" && peer?.XdpMode == AttachMode.Native)
            return type.True("PeerWithXdp", $"'{target.Name}' accepts redirected frames because its peer '{peer.Name}' runs an XDP program in native mode.");
        if (LinkKinds.IsTap(target))
            return type.True("Tap", $"'{target.Name}' is a tap, which accepts redirected frames.");
        var generic = ingress.NativeAttachment is { } attachment ? CommonRemedies.AttachGeneric(attachment.ToWrite()) : CommonRemedies.AttachAtTarget(target.Name, target.IsHardware, hasNativeXdp: !LinkKinds.HasNoXdp(target));
        if (LinkKinds.HasNoXdp(target))
            return type.False("NoNdoXmit", $"'{target.Name}' is of the kind '{target.Kind ?? "loopback"}', which does not accept redirected frames (EOPNOTSUPP).{LinkKinds.Advice(target)}", generic);
        if (pass?.Failure is { Errno: Errno.EOPNOTSUPP or Errno.ENOTSUPP })
        {
            return type.False(
                "NoNativeXdp", $"The kernel refused a pass program on '{target.Name}' because its driver has no XDP; it does not accept redirected frames (EOPNOTSUPP).", generic);
        }

        return type.Unknown(
            "FeaturesUnseen",
            $"This kernel does not report whether '{target.Name}' accepts redirected frames; Linux 6.3 and later do. A probe settles it.{(pass?.Failure is { } failure ? $" A pass program was refused: {failure.Message}." : "")}",
            generic);
    }

    /// <summary>
    /// The kernel compares a frame's length with the MTU of the target (<c>xdp_ok_fwd_dev</c>), and veth with that of its peer
    /// (<c>veth_xdp_xmit</c>), both with room for an Ethernet header and one VLAN tag: as much as a frame of the ingress has.
    /// A second tag, which an action adds before the first or an egress program between the two, has no room but what the MTU gives. Only veth is
    /// known to look then; of others the MTU says for what they are set up.
    /// </summary>
    private static Condition Mtu(InterfaceInfo target, InterfaceInfo? peer, IngressFacts facts, TagGrowth growth)
    {
        var ingress = facts.Widest;
        var type = ConditionTypes.MtuSufficient;
        if (ingress is null)
            return type.True("NoIngress", $"The MTU of '{target.Name}' is {target.Mtu}; the redirect program runs on no interface to compare it with.");
        var compared = TakesAnyLength(target) && facts.TcxAttachment is not null ? facts.WidestXdp : ingress;
        if (compared is not null && compared.Mtu + growth.BytesAtTarget is var redirected && redirected > target.Mtu)
        {
            return type.False(
                "IngressMtuLarger",
                $"Frames from '{compared.Name}' can have {compared.Mtu} bytes{growth.TextAtTarget}, but the MTU of '{target.Name}' is {target.Mtu}: the kernel drops those that are longer (EMSGSIZE).",
                Takes(target.MaxMtu, redirected)
                    ? CommonRemedies.SetMtu(target.Name, redirected)
                    : CommonRemedies.LowerIngressMtu(compared.Name, target.Mtu - growth.BytesAtTarget));
        }

        var (needed, tag) = (ingress.Mtu + growth.BytesAtDriver, growth.TextAtDriver);
        var peerMtu = PeerMtu(target, peer);
        if (peerMtu is null && IsPeerUnseen(target))
            return UnseenMtu(target);
        if (needed > peerMtu)
        {
            return type.False(
                "PeerMtuSmaller",
                $"Frames from '{ingress.Name}' can have {ingress.Mtu} bytes{tag}, but the MTU of the peer of '{target.Name}' is {peerMtu}: the driver drops those that are longer.",
                Takes(PeerMaxMtu(target, peer), needed)
                    ? PeerMtuRemedy(target, peer, needed)
                    : CommonRemedies.LowerIngressMtu(ingress.Name, peerMtu!.Value - (needed - ingress.Mtu)));
        }

        return !TakesAnyLength(target) && needed > target.Mtu
            ? type.False(
                "NoRoomForTag",
                $"Frames from '{ingress.Name}' can have {ingress.Mtu} bytes{tag}, but the MTU of '{target.Name}' is {target.Mtu}.",
                CommonRemedies.SetMtu(target.Name, needed))
            : type.True("Sufficient", $"The MTU of '{target.Name}' is {target.Mtu}, the largest of an ingress {ingress.Mtu}.");
    }

    /// <summary>The same for one frame: the first comparison is made after the actions and before the egress program, the second after both.</summary>
    private static Condition Mtu(InterfaceInfo target, InterfaceInfo? peer, IngressFacts facts, int bytesIn, int bytesOut)
    {
        var type = ConditionTypes.MtuSufficient;
        var longest = LongestFrame(target, target.Mtu);
        if (bytesIn > longest && !IsUnlimited(target, facts))
        {
            return type.False(
                "FrameTooLong",
                $"The frame has {bytesIn} bytes, but '{target.Name}' with its MTU of {target.Mtu} takes {longest}: the kernel drops it (EMSGSIZE).",
                Takes(target.MaxMtu, bytesIn - EthernetHeader.Bytes)
                    ? CommonRemedies.SetMtu(target.Name, bytesIn - EthernetHeader.Bytes)
                    : CommonRemedies.ShorterFrames(target.Name, target.MaxMtu));
        }

        if (PeerMtu(target, peer) is null && IsPeerUnseen(target))
            return UnseenMtu(target);
        return PeerMtu(target, peer) is { } mtu && bytesOut > LongestFrame(target, mtu)
            ? type.False(
                "FrameTooLongForPeer",
                $"The frame goes out with {bytesOut} bytes, but the peer of '{target.Name}' with its MTU of {mtu} takes {LongestFrame(target, mtu)}: the driver drops it.",
                Takes(PeerMaxMtu(target, peer), bytesOut - EthernetHeader.Bytes)
                    ? PeerMtuRemedy(target, peer, bytesOut - EthernetHeader.Bytes)
                    : CommonRemedies.ShorterFrames($"the peer of {target.Name}", PeerMaxMtu(target, peer)))
            : type.True("FrameFits", $"The frame has {bytesIn} bytes; '{target.Name}' with its MTU of {target.Mtu} takes {longest}.");
    }

    // A veth whose peer is in another network namespace, where the kernel did not answer for it.
    private static bool IsPeerUnseen(InterfaceInfo target) => target is { Kind: "veth", LinkIfindex: not null };

    private static Condition UnseenMtu(InterfaceInfo target) => ConditionTypes.MtuSufficient.Unknown(
        "PeerMtuUnseen",
        $"The kernel does not tell the MTU of the peer of '{target.Name}', which is in another network namespace; the driver drops frames that are longer. In native mode a probe settles it.");

    // In tcx mode the kernel compares a frame with the MTU of a veth's peer alone, and a tap hands its user every frame.
    private static bool TakesAnyLength(InterfaceInfo target) => target.Kind == "veth" || LinkKinds.IsTap(target);

    /// <summary>Returns whether the outer tag of a frame rides beside it where the driver of a target compares its length: in tcx mode, at a veth.</summary>
    public static bool TagRidesBeside(InterfaceInfo target, IngressFacts facts) =>
        facts.OnlyTcx && target.Kind == "veth" && target.Offloads?.HasFlag(Offloads.SendsTagsBeside) == true;

    private static bool IsUnlimited(InterfaceInfo target, IngressFacts facts) => facts.OnlyTcx && TakesAnyLength(target);

    private static uint? PeerMtu(InterfaceInfo target, InterfaceInfo? peer) => target.Kind == "veth" ? peer?.Mtu ?? target.PeerMtu : null;

    private static uint PeerMaxMtu(InterfaceInfo target, InterfaceInfo? peer) => peer?.MaxMtu ?? target.PeerMaxMtu;

    /// <summary>Whether the kernel takes an MTU; 0 is a limit that it does not tell.</summary>
    public static bool Takes(uint maxMtu, long mtu) => maxMtu == 0 || mtu <= maxMtu;

    private static Remedy PeerMtuRemedy(InterfaceInfo target, InterfaceInfo? peer, long mtu) => CommonRemedies.AtPeer(
        string.Create(CultureInfo.InvariantCulture, $"Set the MTU of {{0}} to {mtu}."),
        string.Create(CultureInfo.InvariantCulture, $"ip link set dev {{0}} mtu {mtu}"),
        PlaceOf(target, peer));

    /// <summary>Returns where the peer of a veth is.</summary>
    public static PeerPlace PlaceOf(InterfaceInfo target, InterfaceInfo? peer) => peer is null
        ? new PeerPlace(target.PeerName, target.LinkIfindex, target.PeerNamespace)
        : new PeerPlace(peer.Name, peer.Ifindex, IsHere: true);
}
