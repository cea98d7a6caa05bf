namespace ControlPlane.Core.Devmaps;

/// <summary>
/// How the entries of a devmap lie in the kernel's hash, and what that costs. The kernel does not mix keys (<c>dev_map_index_hash</c>):
/// keys that agree in their low bits share a bucket, and every lookup in it walks a chain.
/// </summary>
/// <param name="Entries">Entries that have a kernel key.</param>
/// <param name="Buckets">Buckets: max_entries rounded up to a power of two.</param>
/// <param name="UsedBuckets">Buckets with any entry.</param>
/// <param name="LongestChain">Entries in the fullest bucket.</param>
/// <param name="ChainsOver8">Buckets with more than eight entries.</param>
/// <param name="LongestChainKey">A kernel key in the fullest bucket; null for an empty devmap.</param>
/// <param name="LooksByteSwapped">Whether the keys would hardly collide if the order of their octets were turned round.</param>
/// <param name="MemoryBytes">Memory of the map: 8 bytes a bucket and 64 an entry.</param>
/// <param name="Costs">What it costs, estimated.</param>
public sealed record DevmapShape(
    int Entries,
    int Buckets,
    int UsedBuckets,
    int LongestChain,
    int ChainsOver8,
    uint? LongestChainKey,
    bool LooksByteSwapped,
    long MemoryBytes,
    DevmapCosts Costs)
{
    /// <summary>A chain longer than this is told of.</summary>
    public const int LongChain = 8;
}
