using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>What an audit of a devmap found.</summary>
internal sealed class AuditReportResource
{
    /// <summary>The devmap's name.</summary>
    /// <example>default</example>
    public required string Devmap { get; init; }

    /// <summary>The daemon's revision when the audit ended.</summary>
    /// <example>42</example>
    public required long Revision { get; init; }

    /// <summary>When it began (UTC).</summary>
    /// <example>2026-01-01T12:00:00Z</example>
    public required DateTime StartedAt { get; init; }

    /// <summary>How long it took, in milliseconds.</summary>
    /// <example>1.25</example>
    public required double DurationMs { get; init; }

    /// <summary>How many entries, elements and attachments were compared.</summary>
    /// <example>1</example>
    public required long Checked { get; init; }

    /// <summary>How many differences there were.</summary>
    /// <example>0</example>
    public required int Found { get; init; }

    /// <summary>How many of them were put right.</summary>
    /// <example>0</example>
    public required int Repaired { get; init; }

    /// <summary>Whether they were to be put right.</summary>
    /// <example>true</example>
    public required bool Repair { get; init; }

    /// <summary>The first 1,000 of the differences.</summary>
    public required IEnumerable<DriftResource> Drifts { get; init; }

    public static AuditReportResource From(AuditReport report) => new()
    {
        Devmap = report.Devmap,
        Revision = report.Revision,
        StartedAt = report.StartedAt.UtcDateTime,
        DurationMs = report.Duration.TotalMilliseconds,
        Checked = report.Checked,
        Found = report.Found,
        Repaired = report.Repaired,
        Repair = report.Repair,
        Drifts = report.Drifts.Select(DriftResource.From),
    };
}
