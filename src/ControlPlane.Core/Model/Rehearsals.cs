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

/// <summary>What a rehearsal has counted.</summary>
/// <param name="Totals">The frames by verdict, exact. Frames without a key count nowhere.</param>
/// <param name="Keys">The keys whose frames would go elsewhere, those with the most frames first. Where there are more than 16,384, those with few frames can be missing.</param>
public sealed record RehearsalCounts(IReadOnlyDictionary<RehearsalVerdict, EntryCounters> Totals, IReadOnlyList<RehearsedKey> Keys);
