namespace ControlPlane.Core.Model;

/// <summary>A probe: real frames that the daemon sent to an entry, and what became of them.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Key">The canonical text form of the key.</param>
/// <param name="KernelKey">The key in the kernel's map, which the frames had; null if the entry has none.</param>
/// <param name="Ingress">The interface whose redirect program the frames went through; null if no frame was sent.</param>
/// <param name="Interface">The egress interface of the entry.</param>
/// <param name="Frames">How many frames were sent. They count in the counters of the entry and of the devmap.</param>
/// <param name="FrameBytes">The length of each frame in bytes, from the Ethernet header on; 0 if no frame was sent.</param>
/// <param name="Sent">The frames that the driver of the egress interface took: those are on the wire.</param>
/// <param name="Drops">The frames that were dropped, by cause.</param>
/// <param name="State">The state of the entry after the probe.</param>
/// <param name="Proven">The verdict. If it is True or False, the entry has this condition until it lapses.</param>
/// <param name="ExpireTime">When the condition lapses, unless the entry, its target or its attachment changes before; null if the entry does not have it.</param>
public sealed record Probe(
    string Devmap,
    string Key,
    uint? KernelKey,
    string? Ingress,
    string Interface,
    int Frames,
    int FrameBytes,
    ulong Sent,
    IReadOnlyList<DropCount> Drops,
    EntryState State,
    Condition Proven,
    DateTimeOffset? ExpireTime);
