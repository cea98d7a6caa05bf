namespace ControlPlane.Core.Drops;

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
