using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The last audit of a devmap, and all since the daemon started.</summary>
internal sealed class AuditSummaryResource
{
    /// <summary>When the last audit began (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime LastStartedAt { get; init; }

    /// <summary>How many differences the last one found.</summary>
    /// <example>0</example>
    public required int LastFound { get; init; }

    /// <summary>How many of these it put right.</summary>
    /// <example>0</example>
    public required int LastRepaired { get; init; }

    /// <summary>Audits since the daemon started.</summary>
    /// <example>12</example>
    public required long Audits { get; init; }

    /// <summary>Differences they found.</summary>
    /// <example>0</example>
    public required long Found { get; init; }

    /// <summary>Differences they put right.</summary>
    /// <example>0</example>
    public required long Repaired { get; init; }

    public static AuditSummaryResource? From(AuditTally tally) => tally.Last is not { } last ? null : new()
    {
        LastStartedAt = last.StartedAt.UtcDateTime,
        LastFound = last.Found,
        LastRepaired = last.Repaired,
        Audits = tally.Audits,
        Found = tally.Found,
        Repaired = tally.Repaired,
    };
}
