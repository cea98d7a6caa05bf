namespace ControlPlane.Core.Devmaps;

/// <summary>
/// A key that frames had and the devmap lacked. There is room for 64 keys on each CPU, each in the place of its hash, where the last
/// one to miss stays: a key that misses now is in the sample, one that missed once may be gone.
/// </summary>
/// <param name="KernelKey">The key.</param>
/// <param name="Packets">Frames with it since it took its place: at least so many, not all there ever were.</param>
/// <param name="LastSeen">When the last one missed, to some milliseconds.</param>
public sealed record MissedKey(uint KernelKey, ulong Packets, DateTimeOffset LastSeen);
