namespace ControlPlane.Core.Model;

/// <summary>
/// How the entries of a devmap lie in the kernel's hash, and what that costs. The kernel does not mix keys: keys with the same low bits
/// share a bucket, and every lookup in a bucket walks a chain. Costs are estimates, good for orders of magnitude.
/// </summary>
/// <param name="Entries">Entries that have a kernel key.</param>
/// <param name="Buckets">Buckets: `maxEntries` rounded up to a power of two.</param>
/// <param name="UsedBuckets">Buckets with at least one entry.</param>
/// <param name="LongestChain">Entries in the fullest bucket.</param>
/// <param name="ChainsOver8">Buckets with more than eight entries.</param>
/// <param name="LongestChainKey">A kernel key in the fullest bucket. Null for an empty devmap.</param>
/// <param name="MemoryBytes">Memory of the map in bytes: 8 per bucket and 64 per entry.</param>
/// <param name="LongestLookupNs">The time that the longest chain adds to the redirect of a frame whose key is at its end, in nanoseconds.</param>
/// <param name="BroadcastNs">The cost of sending one frame to all entries (BPF_F_BROADCAST), which visits every bucket, in nanoseconds.</param>
/// <param name="WalkNs">The cost of reading all entries from the kernel, in nanoseconds.</param>
public sealed record DevmapShape(
    int Entries,
    int Buckets,
    int UsedBuckets,
    int LongestChain,
    int ChainsOver8,
    uint? LongestChainKey,
    long MemoryBytes,
    double LongestLookupNs,
    double BroadcastNs,
    double WalkNs)
{
    /// <summary>A chain longer than this is reported by a condition.</summary>
    public const int LongChain = 8;

    // Measured on a small virtual machine with Linux 6.18: a chain of 900 makes a redirect take 2,924 ns instead of 201; 50,000 keys in
    // one chain take 145 us a lookup.
    private const double NanosecondsPerLink = 3.0;

    // Measured: 392 ns with one member in 16 buckets, 32 us in 65,536, 766 us in 1,048,576.
    private const double BroadcastBase = 380, NanosecondsPerBucket = 0.7, NanosecondsPerMember = 100;

    // Measured: 1.5 us an entry in chains of one.
    private const double NanosecondsPerStep = 1500;

    /// <summary>The table in which programs find the ids of entries. Null when counters are off.</summary>
    public EntryTableUse? EntryTable { get; init; }

    /// <summary>Whether the keys would hardly collide if the order of their octets were reversed.</summary>
    internal bool LooksByteSwapped { get; init; }

    /// <summary>Returns the estimate of <see cref="LongestLookupNs"/>.</summary>
    internal static double LookupCost(int longestChain) => NanosecondsPerLink * Math.Max(0, longestChain - 1);

    /// <summary>Returns the estimate of <see cref="BroadcastNs"/>.</summary>
    internal static double BroadcastCost(int entries, int buckets) => BroadcastBase + (NanosecondsPerBucket * buckets) + (NanosecondsPerMember * entries);

    /// <summary>Returns the estimate of <see cref="WalkNs"/> from the sum over all buckets of the squares of their numbers of entries.</summary>
    internal static double WalkCost(int entries, double sumOfSquares) => (NanosecondsPerStep * entries) + (NanosecondsPerLink * (sumOfSquares - entries));
}

/// <summary>
/// The use of the table in which programs find the ids of entries, under which frames are counted. It grows when it is half full. Where keys
/// are interfaces or VLANs, keys below 4,095 need no place.
/// </summary>
/// <param name="Entries">Entries that have a place.</param>
/// <param name="Places">The places of the table.</param>
/// <param name="LoadFactor">The part of the places that is taken: 0 to 1.</param>
/// <param name="MemoryBytes">Memory of the table in bytes: 8 per place.</param>
/// <param name="CounterBytes">Memory of the counters in bytes: per id 16 for each possible CPU, and 16.</param>
public sealed record EntryTableUse(int Entries, int Places, double LoadFactor, long MemoryBytes, long CounterBytes);
