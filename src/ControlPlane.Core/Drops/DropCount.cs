namespace ControlPlane.Core.Drops;

/// <summary>Frames that were dropped for one cause.</summary>
/// <param name="Cause">The cause.</param>
/// <param name="Errno">The kernel's errno, positive; 0 where it has none.</param>
/// <param name="Packets">Frames, over all CPUs.</param>
/// <param name="LastSeen">When the last one was dropped.</param>
public sealed record DropCount(DropCause Cause, int Errno, ulong Packets, DateTimeOffset LastSeen);
