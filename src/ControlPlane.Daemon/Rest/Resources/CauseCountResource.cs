using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>Frames that were dropped for one cause.</summary>
internal sealed class CauseCountResource
{
    /// <summary>The cause, as with entries.</summary>
    /// <example>targetDown</example>
    public required DropCause Cause { get; init; }

    /// <summary>Frames, over all CPUs.</summary>
    /// <example>12</example>
    public required ulong Packets { get; init; }

    public static CauseCountResource From((DropCause Cause, ulong Packets) count) => new() { Cause = count.Cause, Packets = count.Packets };
}
