namespace ControlPlane.Core.Model;

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

/// <summary>
/// What a devmap of some shape costs: estimates from figures that were measured on one small virtual machine (Linux 6.18), good for
/// orders of magnitude and for comparing shapes. All in nanoseconds.
/// </summary>
/// <param name="LongestLookup">What the longest chain adds to the redirect of a frame whose key is at its end.</param>
/// <param name="Broadcast">Sending one frame to all entries (<c>BPF_F_BROADCAST</c>), which visits every bucket.</param>
/// <param name="Walk">Reading all entries by <c>bpf_map_get_next_key</c> and lookup.</param>
public sealed record DevmapCosts(double LongestLookup, double Broadcast, double Walk)
{
    // Measured: a chain of 900 makes a redirect take 2,924 ns instead of 201; 50,000 keys in one chain take 145 us a lookup.
    private const double NanosecondsPerLink = 3.0;

    // Measured: 392 ns with one member in 16 buckets, 32 us in 65,536, 766 us in 1,048,576.
    private const double BroadcastBase = 380, NanosecondsPerBucket = 0.7, NanosecondsPerMember = 100;

    // Measured: 1.5 us an entry in chains of one.
    private const double NanosecondsPerStep = 1500;

    /// <summary>The costs of so many entries in so many buckets.</summary>
    /// <param name="entries">Entries.</param>
    /// <param name="buckets">Buckets.</param>
    /// <param name="longestChain">Entries in the fullest bucket.</param>
    /// <param name="sumOfSquares">The sum over all buckets of the squares of their numbers of entries.</param>
    internal static DevmapCosts Of(int entries, int buckets, int longestChain, double sumOfSquares) => new(
        NanosecondsPerLink * Math.Max(0, longestChain - 1),
        BroadcastBase + (NanosecondsPerBucket * buckets) + (NanosecondsPerMember * entries),
        (NanosecondsPerStep * entries) + (NanosecondsPerLink * (sumOfSquares - entries)));
}
