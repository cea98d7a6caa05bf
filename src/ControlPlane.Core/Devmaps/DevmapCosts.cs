namespace ControlPlane.Core.Devmaps;

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
