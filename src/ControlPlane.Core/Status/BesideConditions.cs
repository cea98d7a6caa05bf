using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Status;

/// <summary>Says what is lost of all that rides beside frames (<see cref="BesideFrames"/>), of an attachment and of the entries behind it.</summary>
internal static class BesideConditions
{
    private static ConditionType Type => ConditionTypes.IngressKeepsFrames;

    /// <summary>The condition of an attachment.</summary>
    /// <param name="way">The way in.</param>
    /// <param name="readsTag">Whether the devmap's key depends on the tag. Otherwise a tag that the program does not see does no harm.</param>
    public static Condition OfAttachment(IngressLink way, bool readsTag)
    {
        var (checksums, segments, tags) = way.Beside;
        if (tags == BesideFate.Hidden && !readsTag)
            tags = BesideFate.Kept;
        return Of(way, new(checksums, segments, tags)) ?? Type.True(
            "NothingLost",
            way.Mode == AttachMode.Tcx
                ? "Tcx mode keeps checksums, segments and VLAN tags that ride beside frames."
                : $"Nothing of frames from '{way.Interface.Name}' rides beside them where it would be lost.");
    }

    /// <summary>The condition of an entry; null if nothing is lost that counts for it.</summary>
    /// <param name="facts">The ways in.</param>
    /// <param name="target">The target.</param>
    /// <param name="tagsCount">Whether the key or the egress program depends on the tag.</param>
    /// <param name="segmentsCount">Whether frames of many segments count: not for one frame of a given length.</param>
    public static Condition? OfEntry(IngressFacts facts, InterfaceInfo target, bool tagsCount, bool segmentsCount)
    {
        Condition? unknown = null;
        foreach (var (way, counted) in new (IngressLink? Way, Func<BesideFrames, BesideFrames> Counted)[]
            {
                (facts.Checksums, b => new(AtTarget(b.Checksums, target), BesideFate.Kept, BesideFate.Kept)),
                (facts.Segments, b => segmentsCount && target.Mtu < BesideFrames.LongestSegments ? new(BesideFate.Kept, b.Segments, BesideFate.Kept) : default),
                (facts.Tags, b => tagsCount ? new(BesideFate.Kept, BesideFate.Kept, b.Tags) : default),
            })
        {
            if (way is null || Of(way, counted(way.Beside)) is not { } condition)
                continue;
            if (condition.Status == ConditionStatus.False)
                return condition;
            unknown ??= condition;
        }

        return unknown;
    }

    // In generic mode a frame goes to the driver as it is (generic_xdp_tx): nobody before the driver completes its checksum.
    private static BesideFate AtTarget(BesideFate checksums, InterfaceInfo target)
    {
        if (checksums != BesideFate.Hidden)
            return checksums;
        if (LinkKinds.HandsOnPartialChecksums(target))
            return BesideFate.Kept;
        if (target.Offloads is not { } offloads)
            return BesideFate.Unseen;
        if (offloads.HasFlag(Offloads.SendsPartialChecksums))
            return BesideFate.Kept;
        // The header before each frame tells the user of a tap of the partial checksum, and nobody can see whether that completes it.
        return target.HasVirtioHeader == true ? BesideFate.Unseen : BesideFate.Lost;
    }

    /// <summary>The condition of one explained frame with a VLAN tag; null if the tag is kept.</summary>
    public static Condition? OfTag(IngressLink way) => Of(way, new(BesideFate.Kept, BesideFate.Kept, way.Beside.Tags));

    private static Condition? Of(IngressLink way, BesideFrames beside)
    {
        var name = way.Interface.Name;
        List<(string Reason, string Text)> lost = [];
        if (beside.Checksums == BesideFate.Lost)
            lost.Add(("Checksums", $"the sender leaves checksums partial, and {(way.Mode == AttachMode.Native ? "native mode loses the rest" : "the target does not complete them")}: the receiver drops TCP and UDP"));
        if (beside.Segments == BesideFate.Lost)
            lost.Add(("Segments", "frames of many segments come in, and the kernel drops those that exceed the MTU of their target: TCP crawls"));
        if (beside.Tags == BesideFate.Lost)
            lost.Add(("Tags", "VLAN tags ride beside frames, and native mode loses them: the frames count as untagged, and leave so"));
        if (beside.Tags == BesideFate.Hidden)
            lost.Add(("Tags", "VLAN tags ride beside frames, where programs in generic mode do not see them: the frames count as untagged"));
        if (lost.Count > 0)
            return Type.False($"{string.Join("And", lost.Select(l => l.Reason))}Lost", $"On '{name}' {string.Join("; ", lost.Select(l => l.Text))}.", Remedy(way, beside));
        if (beside is { Checksums: not BesideFate.Unseen, Segments: not BesideFate.Unseen, Tags: not BesideFate.Unseen })
            return null;
        return Type.Unknown(
            "OffloadsUnseen",
            $"Whether checksums, segments or VLAN tags of frames from '{name}' are lost in {way.Mode.ToText()} mode cannot be seen on this host.",
            CommonRemedies.AttachTcx(way.Attachment.ToWrite()));
    }

    private static Remedy Remedy(IngressLink way, BesideFrames beside)
    {
        var name = way.Interface.Name;
        if (way.Interface.Kind != "veth")
        {
            return way.Interface.Kind is null
                ? CommonRemedies.TagsInFrames(name)
                : CommonRemedies.AttachTcx(way.Attachment.ToWrite());
        }

        List<string> switches = [];
        if (beside.Checksums == BesideFate.Lost)
            switches.Add("tx off");
        if (beside.Segments == BesideFate.Lost)
            switches.Add("tso off tx-udp-segmentation off tx-sctp-segmentation off tx-gso-list off");
        if (beside.Tags > BesideFate.Unseen)
            switches.Add("txvlan off tx-vlan-stag-hw-insert off");
        return CommonRemedies.PeerOffloadsOff(TargetConditions.PlaceOf(way.Interface, way.Peer), switches);
    }
}
