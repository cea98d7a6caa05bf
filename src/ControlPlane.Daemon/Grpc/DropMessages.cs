using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using CoreCause = ControlPlane.Core.Model.DropCause;
using CoreCount = ControlPlane.Core.Model.DropCount;
using CoreDrops = ControlPlane.Core.Model.DevmapDrops;
using WireCause = Devmapd.V1.DropCause;
using WireMissed = Devmapd.V1.MissedKey;

namespace ControlPlane.Daemon.Grpc;

/// <summary>What was dropped and what missed, from Core to the contract.</summary>
internal static class DropMessages
{
    public static Devmapd.V1.DropCount ToMessage(this CoreCount count) => new()
    {
        Cause = ToMessage(count.Cause),
        Errno = count.Errno,
        Packets = count.Packets,
        LastSeenTime = Timestamp.FromDateTimeOffset(count.LastSeen),
    };

    public static Devmapd.V1.DevmapDrops ToMessage(this CoreDrops drops)
    {
        var message = new Devmapd.V1.DevmapDrops();
        message.Causes.AddRange(drops.ByCause.Select(c => new CauseCount { Cause = ToMessage(c.Cause), Packets = c.Packets }));
        message.Targets.AddRange(drops.ByTarget.Select(t => new Devmapd.V1.TargetDrops { Ifindex = t.Ifindex, Interface = t.Interface ?? "", Drops = t.Count.ToMessage() }));
        return message;
    }

    public static WireMissed ToMessage(this (string Key, ControlPlane.Core.Model.MissedKey Missed) sample) => new()
    {
        Key = sample.Key,
        KernelKey = sample.Missed.KernelKey,
        Packets = sample.Missed.Packets,
        LastSeenTime = Timestamp.FromDateTimeOffset(sample.Missed.LastSeen),
    };

    private static WireCause ToMessage(CoreCause cause) => cause switch
    {
        CoreCause.TargetDown => WireCause.TargetDown,
        CoreCause.FrameTooLong => WireCause.FrameTooLong,
        CoreCause.NotAccepted => WireCause.NotAccepted,
        CoreCause.PeerDown => WireCause.PeerDown,
        CoreCause.NotSent => WireCause.NotSent,
        CoreCause.Aborted => WireCause.Aborted,
        CoreCause.Other => WireCause.Other,
        _ => throw new ArgumentOutOfRangeException(nameof(cause), cause, "not in the contract"),
    };
}
