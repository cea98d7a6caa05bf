using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>Frames that the kernel dropped after a redirect program had sent them on their way, for one cause.</summary>
internal sealed class DropCountResource
{
    /// <summary>
    /// `targetDown`: the target is administratively down. `frameTooLong`: longer than its MTU allows. `notAccepted`: it takes no redirected
    /// frames. `peerDown`: its peer is down. `notSent`: the egress program dropped it, or the driver did. `aborted`: an XDP program aborted.
    /// `other`: see `errno`.
    /// </summary>
    /// <example>targetDown</example>
    public required DropCause Cause { get; init; }

    /// <summary>The kernel's errno; 0 where it has none.</summary>
    /// <example>100</example>
    public required int Errno { get; init; }

    /// <summary>Frames, over all CPUs.</summary>
    /// <example>12</example>
    public required ulong Packets { get; init; }

    /// <summary>When the last one was dropped (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime LastSeen { get; init; }

    public static DropCountResource From(DropCount count) =>
        new() { Cause = count.Cause, Errno = count.Errno, Packets = count.Packets, LastSeen = count.LastSeen.UtcDateTime };
}
