namespace ControlPlane.Core.Drops;

/// <summary>What the kernel dropped of the frames a devmap redirected.</summary>
/// <param name="ByCause">All of them by cause; causes that have not come up are left out.</param>
/// <param name="ByTarget">Those that got as far as the target's queue, by target and cause. One queue serves all devmaps that send there.</param>
public sealed record DevmapDrops(IReadOnlyList<(DropCause Cause, ulong Packets)> ByCause, IReadOnlyList<TargetDrops> ByTarget);
