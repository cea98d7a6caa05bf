namespace ControlPlane.Core.Drops;

/// <summary>
/// Frames dropped because an XDP program returned <c>XDP_ABORTED</c> or what no driver knows, or because a driver failed to do
/// what it returned (tracepoint <c>xdp_exception</c>). For an egress program that is everything but pass and drop.
/// </summary>
/// <param name="Ifindex">The device the program ran on; for an egress program the target.</param>
/// <param name="ProgramId">The program's id, which need not be one of ours.</param>
/// <param name="Action">What it returned (<c>enum xdp_action</c>, or any other number).</param>
/// <param name="Packets">Frames, over all CPUs.</param>
/// <param name="LastSeen">When the last one was dropped.</param>
public sealed record XdpExceptionCount(uint Ifindex, uint ProgramId, uint Action, ulong Packets, DateTimeOffset LastSeen);
