using ControlPlane.Core.Model;

namespace ControlPlane.Core.Status;

/// <summary>Facts about the interfaces that frames for an entry can arrive on.</summary>
/// <param name="Attached">Whether the redirect program runs on any of them.</param>
/// <param name="Native">Whether it runs on any in native mode; so where it runs nowhere, for that is what one attaches in.</param>
/// <param name="Widest">The one with the largest MTU of those it runs on; null where it runs nowhere.</param>
/// <param name="NativeAttachment">The attachment in native mode, the first by name; null where there is none.</param>
/// <param name="TcxAttachment">The attachment in tcx mode, the first by name; null where there is none.</param>
/// <param name="WidestXdp">The one with the largest MTU of those it runs on by XDP; null where there is none.</param>
/// <param name="OnlyTcx">Whether it runs in tcx mode wherever it runs.</param>
/// <param name="Checksums">The ingress that keeps partial checksums least; null where the program runs nowhere. The next two, too.</param>
/// <param name="Segments">The ingress that keeps frames of many segments least.</param>
/// <param name="Tags">The ingress that keeps VLAN tags least.</param>
internal readonly record struct IngressFacts(
    bool Attached,
    bool Native,
    InterfaceInfo? Widest,
    AttachmentRecord? NativeAttachment = null,
    AttachmentRecord? TcxAttachment = null,
    InterfaceInfo? WidestXdp = null,
    bool OnlyTcx = false,
    IngressLink? Checksums = null,
    IngressLink? Segments = null,
    IngressLink? Tags = null)
{
    /// <summary>Nothing is known: the stricter rules hold.</summary>
    public static IngressFacts Unknown => new(false, true, null);

    /// <summary>Returns the facts of the links of a devmap that run now.</summary>
    public static IngressFacts Of(DevmapSpec devmap, IReadOnlyList<LiveLink> links, InterfaceTable interfaces)
    {
        var (native, tcx) = ((AttachmentRecord?)null, (AttachmentRecord?)null);
        var (widest, widestXdp) = ((InterfaceInfo?)null, (InterfaceInfo?)null);
        var (checksums, segments, tags) = ((IngressLink?)null, (IngressLink?)null, (IngressLink?)null);
        foreach (var (attachment, link) in links)
        {
            if (link.Mode == AttachMode.Native)
                native ??= attachment;
            if (link.Mode == AttachMode.Tcx)
                tcx ??= attachment;
            if (interfaces.Find(link.Ifindex) is not { } info)
                continue;
            widest = Wider(widest, info);
            if (link.Mode != AttachMode.Tcx)
                widestXdp = Wider(widestXdp, info);
            var way = IngressLink.Of(devmap, new(attachment, link), info, interfaces);
            checksums = checksums is not null && Severity(checksums) >= Severity(way) ? checksums : way;
            segments = segments?.Beside.Segments >= way.Beside.Segments ? segments : way;
            tags = tags?.Beside.Tags >= way.Beside.Tags ? tags : way;
        }

        return links.Count > 0 ? new(true, native is not null, widest, native, tcx, widestXdp, OnlyTcx: tcx is not null && widestXdp is null, checksums, segments, tags) : Unknown;
    }

    // Checksums that are left to the target are lost at some targets only, so what cannot be seen comes first.
    private static int Severity(IngressLink way) => way.Beside.Checksums switch { BesideFate.Lost => 3, BesideFate.Unseen => 2, BesideFate.Hidden => 1, _ => 0 };

    private static InterfaceInfo Wider(InterfaceInfo? known, InterfaceInfo other) => known is null || other.Mtu > known.Mtu ? other : known;
}

/// <summary>An interface on which the redirect program runs, and what becomes of all that rides beside its frames.</summary>
/// <param name="Attachment">The attachment.</param>
/// <param name="Interface">The interface.</param>
/// <param name="Peer">The other end of a veth, if it is in the same network namespace.</param>
/// <param name="Mode">How the program is attached.</param>
/// <param name="Beside">The fates.</param>
internal sealed record IngressLink(AttachmentRecord Attachment, InterfaceInfo Interface, InterfaceInfo? Peer, AttachMode Mode, BesideFrames Beside)
{
    /// <summary>Returns the way in by an interface.</summary>
    public static IngressLink Of(DevmapSpec devmap, LiveLink link, InterfaceInfo ingress, InterfaceTable interfaces)
    {
        var peer = interfaces.PeerOf(ingress);
        return new(link.Attachment, ingress, peer, link.Link.Mode, BesideFrames.Of(devmap, ingress, peer, link.Link.Mode));
    }
}

/// <summary>One frame that is judged, in place of all that can come in.</summary>
/// <param name="Ingress">The interface it arrives on; null for any.</param>
/// <param name="Lengths">Its length in bytes, from the Ethernet header on, as the actions and as the egress program let it go; null when nothing is said of it.</param>
internal sealed record JudgedFrame(string? Ingress, (int In, int Out)? Lengths = null);
