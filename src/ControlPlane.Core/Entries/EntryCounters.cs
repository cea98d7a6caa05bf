namespace ControlPlane.Core.Entries;

/// <summary>What the redirect program sent to one entry, over all CPUs.</summary>
/// <param name="Packets">Frames.</param>
/// <param name="Bytes">Their bytes, from the Ethernet header on.</param>
public readonly record struct EntryCounters(ulong Packets, ulong Bytes);
