namespace ControlPlane.Core.Model;

/// <summary>Work that a device leaves to others, or does for them. Part of a frame then rides beside it, in the kernel's <c>skb</c>.</summary>
[Flags]
public enum Offloads
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It sends frames whose checksums are partial (<c>tx-checksum-ip-generic</c>, <c>-ipv4</c>, <c>-ipv6</c>).</summary>
    SendsPartialChecksums = 1,

    /// <summary>It sends frames of many segments (<c>tx-tcp-segmentation</c> and its kin).</summary>
    SendsSegments = 2,

    /// <summary>It sends VLAN tags beside frames (<c>tx-vlan-hw-insert</c>, <c>tx-vlan-stag-hw-insert</c>).</summary>
    SendsTagsBeside = 4,

    /// <summary>It takes the VLAN tags out of received frames (<c>rx-vlan-hw-parse</c>).</summary>
    ReceivesTagsBeside = 8,
}

/// <summary>The fate, in a redirect, of something that rides beside a frame. The values are in order: the worst is the highest.</summary>
public enum BesideFate
{
    /// <summary>It is kept, or nothing rides there.</summary>
    Kept,

    /// <summary>The daemon cannot see whether it rides there.</summary>
    Unseen,

    /// <summary>It is kept, but XDP programs do not see it.</summary>
    Hidden,

    /// <summary>It is lost.</summary>
    Lost,
}

/// <summary>
/// The fate of all that rides beside frames from one ingress interface: checksums that a later device completes, the size of the segments
/// that a later device makes, and the VLAN tag. In tcx mode all of it is kept. XDP in native mode throws the <c>skb</c> away. In generic
/// mode the <c>skb</c> stays, but a frame of many segments exceeds the MTU of its target, and the program does not see the tag.
/// </summary>
/// <param name="Checksums">The fate of partial checksums. Hidden means that they are left to the target, which may not complete them.</param>
/// <param name="Segments">The fate of frames of many segments. Lost means that the kernel drops them (EMSGSIZE).</param>
/// <param name="Tags">The fate of VLAN tags.</param>
public readonly record struct BesideFrames(BesideFate Checksums, BesideFate Segments, BesideFate Tags)
{
    /// <summary>The longest frame of many segments, without its header: a target with such an MTU takes all of them.</summary>
    public const uint LongestSegments = 65535;

    /// <summary>Returns the fates for frames that arrive on an interface.</summary>
    /// <param name="devmap">The settings of the devmap.</param>
    /// <param name="ingress">The interface.</param>
    /// <param name="peer">The other end of a veth, if it is in the same network namespace.</param>
    /// <param name="mode">How the redirect program is attached there.</param>
    public static BesideFrames Of(DevmapSpec devmap, InterfaceInfo ingress, InterfaceInfo? peer, AttachMode mode)
    {
        if (mode == AttachMode.Tcx)
            return default;
        var native = mode == AttachMode.Native;
        var (checksums, segments, tags) = ingress.Kind switch
        {
            "veth" => OfVeth(peer?.Offloads ?? ingress.PeerOffloads, native),
            "tun" => OfTap(ingress.HasVirtioHeader, native),
            null => OfHardware(ingress.Offloads, native),
            // Frames of their ports come up from the stack, which has moved their tags beside them.
            "bond" or "bridge" or "macvlan" or "macvtap" or "team" => new(
                BesideFate.Kept, native ? BesideFate.Kept : BesideFate.Unseen, native ? BesideFate.Unseen : BesideFate.Hidden),
            _ => new(native ? BesideFate.Unseen : BesideFate.Kept, native ? BesideFate.Kept : BesideFate.Unseen, BesideFate.Unseen),
        };
        return new(ChecksumCompletion.IsDoneFor(devmap, ingress, mode) ? BesideFate.Kept : checksums, segments, tags);
    }

    // The peer sends the frames. While a veth runs native XDP, the kernel itself keeps its peer from sending frames of many segments. In
    // generic mode received frames are not merged, whatever the settings (netif_elide_gro; dev_xdp_install switches LRO off).
    private static BesideFrames OfVeth(Offloads? peer, bool native) => native
        ? new(If(peer, Offloads.SendsPartialChecksums, BesideFate.Lost), BesideFate.Kept, If(peer, Offloads.SendsTagsBeside, BesideFate.Lost))
        : new(
            If(peer, Offloads.SendsPartialChecksums, BesideFate.Hidden),
            If(peer, Offloads.SendsSegments, BesideFate.Lost),
            If(peer, Offloads.SendsTagsBeside, BesideFate.Hidden));

    // The user of a tap decides frame by frame. Native XDP takes no frames of many segments: the kernel treats those as in generic mode.
    private static BesideFrames OfTap(bool? hasVirtioHeader, bool native) => hasVirtioHeader == false
        ? default
        : new(native ? BesideFate.Unseen : BesideFate.Kept, BesideFate.Unseen, BesideFate.Kept);

    // Hardware checks checksums itself.
    private static BesideFrames OfHardware(Offloads? own, bool native) => new(
        BesideFate.Kept, BesideFate.Kept, If(own, Offloads.ReceivesTagsBeside, native ? BesideFate.Lost : BesideFate.Hidden));

    private static BesideFate If(Offloads? offloads, Offloads offload, BesideFate fate) =>
        offloads is not { } seen ? BesideFate.Unseen : seen.HasFlag(offload) ? fate : BesideFate.Kept;
}
