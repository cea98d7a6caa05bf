using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>
/// How the entries of a devmap lie in the kernel's hash, and what that costs. The kernel does not mix keys: those that agree in their low
/// bits share a bucket, and every lookup in it walks a chain. Costs are estimates, good for orders of magnitude.
/// </summary>
internal sealed class DevmapShapeResource
{
    /// <summary>Entries that have a kernel key.</summary>
    /// <example>50000</example>
    public required int Entries { get; init; }

    /// <summary>Buckets: `maxEntries` rounded up to a power of two.</summary>
    /// <example>65536</example>
    public required int Buckets { get; init; }

    /// <summary>Buckets with any entry.</summary>
    /// <example>50000</example>
    public required int UsedBuckets { get; init; }

    /// <summary>Entries in the fullest bucket.</summary>
    /// <example>1</example>
    public required int LongestChain { get; init; }

    /// <summary>Buckets with more than eight entries.</summary>
    /// <example>0</example>
    public required int ChainsOver8 { get; init; }

    /// <summary>A kernel key in the fullest bucket; null for an empty devmap.</summary>
    /// <example>1</example>
    public required uint? LongestChainKey { get; init; }

    /// <summary>Memory of the map in bytes: 8 a bucket and 64 an entry.</summary>
    /// <example>3724288</example>
    public required long MemoryBytes { get; init; }

    /// <summary>What the longest chain adds to the redirect of a frame whose key is at its end, in nanoseconds.</summary>
    /// <example>0</example>
    public required double LongestLookupNs { get; init; }

    /// <summary>Sending one frame to all entries (`BPF_F_BROADCAST`), which visits every bucket, in nanoseconds.</summary>
    /// <example>5046255</example>
    public required double BroadcastNs { get; init; }

    /// <summary>Reading all entries from the kernel, in nanoseconds.</summary>
    /// <example>75000000</example>
    public required double WalkNs { get; init; }

    public static DevmapShapeResource From(DevmapShape shape) => new()
    {
        Entries = shape.Entries,
        Buckets = shape.Buckets,
        UsedBuckets = shape.UsedBuckets,
        LongestChain = shape.LongestChain,
        ChainsOver8 = shape.ChainsOver8,
        LongestChainKey = shape.LongestChainKey,
        MemoryBytes = shape.MemoryBytes,
        LongestLookupNs = shape.Costs.LongestLookup,
        BroadcastNs = shape.Costs.Broadcast,
        WalkNs = shape.Costs.Walk,
    };
}
