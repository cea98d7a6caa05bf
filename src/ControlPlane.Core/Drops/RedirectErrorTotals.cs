namespace ControlPlane.Core.Drops;

/// <summary>
/// Frames that one devmap redirected and the kernel dropped before the target's driver saw them (tracepoint
/// <c>xdp_redirect_err</c>), by cause, in both attach modes; since the drop counters first saw the devmap.
/// </summary>
/// <param name="TargetDown">The target is administratively down (ENETDOWN).</param>
/// <param name="TooLong">Longer than the target's MTU allows (EMSGSIZE).</param>
/// <param name="NotAccepted">The target takes no redirected frames (EOPNOTSUPP); native mode only.</param>
/// <param name="Other">All other causes.</param>
public readonly record struct RedirectErrorTotals(ulong TargetDown, ulong TooLong, ulong NotAccepted, ulong Other);
