using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What the redirect program counted, over all CPUs. Bytes are counted from the Ethernet header on.</summary>
internal sealed class DevmapTrafficResource
{
    /// <summary>Frames whose key had an entry; whether they left is told by that entry's status.</summary>
    /// <example>0</example>
    public required ulong RedirectedPackets { get; init; }

    /// <summary>Bytes of those frames.</summary>
    /// <example>0</example>
    public required ulong RedirectedBytes { get; init; }

    /// <summary>Frames whose key had no entry; they took the miss action.</summary>
    /// <example>0</example>
    public required ulong MissedPackets { get; init; }

    /// <summary>Bytes of those frames.</summary>
    /// <example>0</example>
    public required ulong MissedBytes { get; init; }

    /// <summary>Frames that have no such key (no IPv4 header, truncated); they took the miss action.</summary>
    /// <example>0</example>
    public required ulong UnkeyedPackets { get; init; }

    /// <summary>Bytes of those frames.</summary>
    /// <example>0</example>
    public required ulong UnkeyedBytes { get; init; }

    public static DevmapTrafficResource From(DevmapCounters counters) => new()
    {
        RedirectedPackets = counters.RedirectedPackets,
        RedirectedBytes = counters.RedirectedBytes,
        MissedPackets = counters.MissedPackets,
        MissedBytes = counters.MissedBytes,
        UnkeyedPackets = counters.UnkeyedPackets,
        UnkeyedBytes = counters.UnkeyedBytes,
    };
}
