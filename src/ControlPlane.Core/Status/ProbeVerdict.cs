using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Core.Status;

/// <summary>Judges a probe by the fates of its frames.</summary>
/// <param name="target">The target.</param>
/// <param name="peer">The peer of a veth, if it is in this network namespace.</param>
/// <param name="program">The egress program of the entry; null for none.</param>
/// <param name="drops">Whether that program drops every frame.</param>
/// <param name="ingress">The interface whose redirect program ran.</param>
/// <param name="frames">How many frames were sent.</param>
/// <param name="bytes">The length of each.</param>
internal sealed class ProbeVerdict(InterfaceInfo target, InterfaceInfo? peer, string? program, bool drops, string ingress, int frames, int bytes)
{
    /// <summary>Returns the longest frame that arrives on the ingress interfaces of an entry: as the MTU allows, with one VLAN tag.</summary>
    public static long LongestFrame(IngressFacts facts) => (facts.Widest?.Mtu ?? 0L) + EthernetHeader.Bytes + EthernetHeader.TagBytes;

    /// <summary>Returns the dropped frames by cause, at most as many as were sent.</summary>
    public IReadOnlyList<DropCount> Drops(LiveFrameFates fates, DateTimeOffset now)
    {
        var counts = new List<DropCount>(2);
        if (fates.Refused > 0)
            counts.Add(new DropCount(DropCauses.OfRefusal(fates.RefusalErrno), fates.RefusalErrno, Math.Min(fates.Refused, (ulong)frames), now));
        if (fates.Dropped > 0)
            counts.Add(new DropCount(DropCauses.OfTransmit(fates.DropErrno), fates.DropErrno, Math.Min(fates.Dropped, (ulong)frames), now));
        return counts;
    }

    /// <summary>
    /// Returns the condition. It is True only if the driver took every frame, and False only if it took none. Of anything between, nothing is proven:
    /// a full queue loses some frames.
    /// </summary>
    /// <param name="fates">The fates of the frames.</param>
    /// <param name="hits">How much the entry's counter has grown; null if nothing counts.</param>
    public Condition Judge(LiveFrameFates fates, ulong? hits)
    {
        var (type, count) = (ConditionTypes.Proven, (ulong)frames);
        var lost = fates.Dropped + fates.Refused;
        if (fates.Sent + lost < count || hits < count)
        {
            return type.Unknown(
                "FramesUnaccounted",
                string.Create(CultureInfo.InvariantCulture, $"Of {Frames()}, {fates.Sent} left by '{target.Name}' and {lost} were dropped; the kernel did not report the rest. Probe again."));
        }

        if (lost == 0)
            return type.True("FramesSent", $"{Frames()}, redirected on '{ingress}', left by '{target.Name}'. The counters of the entry include them.");
        if (fates.Sent > 0)
        {
            return type.Unknown(
                "SomeFramesLost",
                string.Create(CultureInfo.InvariantCulture, $"Of {Frames()}, {fates.Sent} left by '{target.Name}' and {lost} were dropped{(fates.Sent + lost > count ? "; live traffic is among these numbers" : "")}. A full queue or a change in between does that. Probe again with fewer frames."));
        }

        var (reason, why, remedy) = Cause(fates);
        return type.False(reason, $"None of {Frames()}, redirected on '{ingress}', left by '{target.Name}': {why}.", remedy);
    }

    private string Frames() => string.Create(CultureInfo.InvariantCulture, $"{frames} real frames of {bytes} bytes");

    private (string Reason, string Why, Remedy? Remedy) Cause(LiveFrameFates fates)
    {
        if (fates.Refused > 0)
        {
            var refusal = DropCauses.OfRefusal(fates.RefusalErrno);
            return refusal switch
            {
                DropCause.TargetDown => (nameof(DropCause.TargetDown), "it is administratively down (ENETDOWN)", CommonRemedies.SetUp(target.Name)),
                DropCause.FrameTooLong => (nameof(DropCause.FrameTooLong), "they are longer than its MTU allows (EMSGSIZE)", CommonRemedies.SetMtu(target.Name, bytes - EthernetHeader.Bytes - EthernetHeader.TagBytes)),
                DropCause.NotAccepted => (nameof(DropCause.NotAccepted), "it accepts no redirected frames (EOPNOTSUPP)", Accept()),
                _ => (nameof(DropCause.Other), string.Create(CultureInfo.InvariantCulture, $"the kernel refused them (errno {fates.RefusalErrno})"), null),
            };
        }

        return DropCauses.OfTransmit(fates.DropErrno) switch
        {
            // Before Linux 6.3 a veth answers so, too, if its peer cannot take frames: a peer that is up is the difference.
            DropCause.PeerDown when target is { Kind: "veth", HasCarrier: true } => (
                nameof(DropCause.NotAccepted), "it accepts no redirected frames, because its peer has neither an XDP program nor GRO (ENXIO)", Accept()),
            DropCause.PeerDown when target.Kind == "veth" => (
                nameof(DropCause.PeerDown), "its peer is down (ENXIO)", CommonRemedies.SetPeerUp(TargetConditions.PlaceOf(target, peer))),
            DropCause.PeerDown => (nameof(DropCause.PeerDown), "its driver is not ready to send them (ENXIO)", null),
            DropCause.NotSent when drops => ("EgressProgramDrops", $"the egress program '{program}' drops every frame", CommonRemedies.OtherProgram()),
            DropCause.NotSent => (nameof(DropCause.NotSent), "its driver dropped them, for want of room or because they are too long for the peer", null),
            _ => (nameof(DropCause.Other), string.Create(CultureInfo.InvariantCulture, $"its driver refused them (errno {fates.DropErrno})"), null),
        };
    }

    private Remedy Accept() => target.Kind == "veth"
        ? CommonRemedies.TurnOnPeerGro(TargetConditions.PlaceOf(target, peer))
        : CommonRemedies.AttachAtTarget(target.Name, target.IsHardware, target.XdpFeatures?.HasFlag(XdpFeatures.Basic) ?? !LinkKinds.HasNoXdp(target));
}
