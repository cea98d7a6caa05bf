namespace ControlPlane.Core.Entries;

/// <summary>What one entry was sent.</summary>
/// <param name="Key">Its key in its canonical text form.</param>
/// <param name="Interface">The egress interface.</param>
/// <param name="Counters">What the redirect program sent to it.</param>
/// <param name="Dropped">Of that, frames the kernel dropped; 0 too where the host cannot tell.</param>
public sealed record EntryTraffic(string Key, string Interface, EntryCounters Counters, ulong Dropped);
