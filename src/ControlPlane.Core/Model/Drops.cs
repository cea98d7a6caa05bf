using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>Frames that were dropped for one cause.</summary>
/// <param name="Cause">The cause.</param>
/// <param name="Errno">The kernel's errno, positive; 0 where it has none.</param>
/// <param name="Packets">Frames, over all CPUs.</param>
/// <param name="LastSeenTime">When the last one was dropped.</param>
public sealed record DropCount(DropCause Cause, int Errno, ulong Packets, DateTimeOffset LastSeenTime);

/// <summary>Frames that were dropped for one cause.</summary>
/// <param name="Cause">The cause.</param>
/// <param name="Packets">Frames, over all CPUs.</param>
public sealed record CauseCount(DropCause Cause, ulong Packets);

/// <summary>Why a frame with an entry was dropped.</summary>
public enum DropCause
{
    /// <summary>The target is administratively down (ENETDOWN).</summary>
    TargetDown,

    /// <summary>The frame is longer than the target's MTU allows (EMSGSIZE).</summary>
    FrameTooLong,

    /// <summary>The target takes no redirected frames (EOPNOTSUPP).</summary>
    NotAccepted,

    /// <summary>The target's peer is down (ENXIO).</summary>
    PeerDown,

    /// <summary>The egress program dropped it, or the driver did: no room, or too long for a veth's peer.</summary>
    NotSent,

    /// <summary>An action of the entry could not be applied to it.</summary>
    ActionFailed,

    /// <summary>An XDP program returned what aborts.</summary>
    Aborted,

    /// <summary>Anything else; the errno says what.</summary>
    Other,
}

/// <summary>The causes behind the kernel's errnos.</summary>
internal static class DropCauses
{
    /// <summary>Returns why the kernel refused a frame before the target's driver saw it.</summary>
    public static DropCause OfRefusal(int errno) => errno switch
    {
        Errno.ENETDOWN => DropCause.TargetDown,
        Errno.EMSGSIZE => DropCause.FrameTooLong,
        Errno.EOPNOTSUPP => DropCause.NotAccepted,
        _ => DropCause.Other,
    };

    /// <summary>Returns why a frame was dropped on its way out.</summary>
    public static DropCause OfTransmit(int errno) => errno switch
    {
        0 => DropCause.NotSent,
        Errno.ENXIO => DropCause.PeerDown,
        _ => DropCause.Other,
    };
}

/// <summary>The frames with an entry in a devmap that an action or the kernel dropped.</summary>
/// <param name="Causes">All drops by cause. Causes without drops are left out.</param>
/// <param name="Targets">Drops in the transmit queue of a target, by target and cause. All devmaps share the queue of a target.</param>
public sealed record DevmapDrops(IReadOnlyList<CauseCount> Causes, IReadOnlyList<TargetDrops> Targets);

/// <summary>Frames that arrived on the attachments of a devmap, were redirected to a device and did not leave it, for one cause.</summary>
/// <param name="Ifindex">The target.</param>
/// <param name="Interface">Its name; null if it no longer exists.</param>
/// <param name="Drops">How many frames, and why.</param>
public sealed record TargetDrops(uint Ifindex, string? Interface, DropCount Drops);

/// <summary>
/// Frames that one devmap redirected by one key and the kernel dropped for one cause before the target's driver saw them
/// (tracepoint <c>xdp_redirect_err</c>). It belongs to the key: an entry that is deleted and made again goes on with it.
/// </summary>
/// <param name="KernelKey">The key.</param>
/// <param name="Errno">The cause, positive: ENETDOWN, EMSGSIZE, EOPNOTSUPP, ...</param>
/// <param name="Packets">Frames, over all CPUs.</param>
/// <param name="LastSeen">When the last one was dropped.</param>
public sealed record RedirectErrorCount(uint KernelKey, int Errno, ulong Packets, DateTimeOffset LastSeen);

/// <summary>
/// Frames that one devmap redirected and the kernel dropped before the target's driver saw them (tracepoint
/// <c>xdp_redirect_err</c>), by cause, in both attach modes; since the drop counters first saw the devmap.
/// </summary>
/// <param name="TargetDown">The target is administratively down (ENETDOWN).</param>
/// <param name="TooLong">Longer than the target's MTU allows (EMSGSIZE).</param>
/// <param name="NotAccepted">The target takes no redirected frames (EOPNOTSUPP); native mode only.</param>
/// <param name="Other">All other causes.</param>
public readonly record struct RedirectErrorTotals(ulong TargetDown, ulong TooLong, ulong NotAccepted, ulong Other);

/// <summary>
/// Frames redirected from one device to another that did not leave it (tracepoint <c>xdp_devmap_xmit</c>); native mode only.
/// The kernel sends the frames of all devmaps by one queue per device, so these know no devmap and no key: which devmap is
/// attached to <paramref name="From"/> tells it.
/// </summary>
/// <param name="From">The ifindex of the ingress device.</param>
/// <param name="To">The ifindex of the target.</param>
/// <param name="Errno">
/// The cause, positive (ENXIO: the target's peer is down); 0 when the egress program dropped them or the driver had no room.
/// </param>
/// <param name="Packets">Frames, over all CPUs.</param>
/// <param name="LastSeen">When the last ones were dropped.</param>
public sealed record TransmitDropCount(uint From, uint To, int Errno, ulong Packets, DateTimeOffset LastSeen);

/// <summary>
/// Frames dropped because an XDP program returned <c>XDP_ABORTED</c> or what no driver knows, or because a driver failed to do
/// what it returned (tracepoint <c>xdp_exception</c>). For an egress program that is everything but pass and drop.
/// </summary>
/// <param name="Ifindex">The device the program ran on; for an egress program the target.</param>
/// <param name="ProgramId">The program's id, which need not be one of ours.</param>
/// <param name="Action">Its return value (<c>enum xdp_action</c>, or any other number).</param>
/// <param name="Packets">Frames, over all CPUs.</param>
/// <param name="LastSeen">When the last one was dropped.</param>
public sealed record XdpExceptionCount(uint Ifindex, uint ProgramId, uint Action, ulong Packets, DateTimeOffset LastSeen);
