namespace ControlPlane.Core.Drops;

/// <summary>
/// Frames that one devmap redirected by one key and the kernel dropped for one cause before the target's driver saw them
/// (tracepoint <c>xdp_redirect_err</c>). It belongs to the key: an entry that is deleted and made again goes on with it.
/// </summary>
/// <param name="KernelKey">The key.</param>
/// <param name="Errno">The cause, positive: ENETDOWN, EMSGSIZE, EOPNOTSUPP, ...</param>
/// <param name="Packets">Frames, over all CPUs.</param>
/// <param name="LastSeen">When the last one was dropped.</param>
public sealed record RedirectErrorCount(uint KernelKey, int Errno, ulong Packets, DateTimeOffset LastSeen);
