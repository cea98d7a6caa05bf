namespace ControlPlane.Core.Model;

/// <summary>The verdicts on a frame that is compared with a candidate table.</summary>
public enum RehearsalVerdict
{
    /// <summary>The candidate sends it to the same target, with the same egress program.</summary>
    Same,

    /// <summary>The candidate sends it to another target, or with another egress program.</summary>
    OtherTarget,

    /// <summary>It is redirected now, and the candidate has no entry for it.</summary>
    WouldMiss,

    /// <summary>It misses now, and the candidate has an entry for it.</summary>
    WouldHit,

    /// <summary>Neither table has an entry for it.</summary>
    StillMisses,
}

/// <summary>The frames of one key that would go elsewhere.</summary>
/// <param name="KernelKey">The kernel key.</param>
/// <param name="Verdict">The verdict: none of those that change nothing.</param>
/// <param name="Traffic">The frames.</param>
public readonly record struct RehearsedKey(uint KernelKey, RehearsalVerdict Verdict, EntryCounters Traffic);

/// <summary>Frames of a rehearsal.</summary>
/// <param name="Packets">Frames, over all CPUs.</param>
/// <param name="Bytes">Bytes of those frames, from the Ethernet header on.</param>
public sealed record RehearsedTraffic(ulong Packets, ulong Bytes);

/// <summary>The real frames of a rehearsal, by what the table of the request would do with them.</summary>
/// <param name="DurationMs">How long frames were compared, in milliseconds.</param>
/// <param name="Same">Frames that would go to the same target, with the same egress program.</param>
/// <param name="OtherTarget">Frames that would go to another target, or with another egress program.</param>
/// <param name="WouldMiss">Frames that are redirected, and would have no entry.</param>
/// <param name="WouldHit">Frames that have no entry, and would be redirected.</param>
/// <param name="StillMisses">Frames that have no entry, and would have none.</param>
public sealed record Rehearsal(
    long DurationMs, RehearsedTraffic Same, RehearsedTraffic OtherTarget, RehearsedTraffic WouldMiss, RehearsedTraffic WouldHit, RehearsedTraffic StillMisses);

/// <summary>The counts of a rehearsal.</summary>
/// <param name="Totals">The frames by verdict, exact. Frames without a key count nowhere.</param>
/// <param name="Keys">The keys whose frames would go elsewhere, those with the most frames first. Where there are more than 16,384, those with few frames can be missing.</param>
public sealed record RehearsalCounts(IReadOnlyDictionary<RehearsalVerdict, EntryCounters> Totals, IReadOnlyList<RehearsedKey> Keys);
