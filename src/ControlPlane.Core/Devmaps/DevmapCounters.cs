namespace ControlPlane.Core.Devmaps;

/// <summary>What the redirect program of a devmap counted since it was loaded, over all CPUs.</summary>
/// <param name="RedirectedPackets">Frames whose key had an entry; whether they left is a question for the entry's status.</param>
/// <param name="RedirectedBytes">Bytes of those frames, from the Ethernet header on.</param>
/// <param name="MissedPackets">Frames whose key had no entry.</param>
/// <param name="MissedBytes">Bytes of those frames.</param>
/// <param name="UnkeyedPackets">Frames that have no such key (no IPv4 header, truncated); they took the miss action.</param>
/// <param name="UnkeyedBytes">Bytes of those frames.</param>
public readonly record struct DevmapCounters(
    ulong RedirectedPackets,
    ulong RedirectedBytes,
    ulong MissedPackets,
    ulong MissedBytes,
    ulong UnkeyedPackets,
    ulong UnkeyedBytes);
