namespace ControlPlane.Core.Auditing;

/// <summary>What one audit of a devmap found.</summary>
/// <param name="Devmap">The devmap's name.</param>
/// <param name="Revision">The daemon's revision when it ended.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Duration">How long it took, the pauses of a regular audit included.</param>
/// <param name="Checked">How many entries, elements and attachments were compared.</param>
/// <param name="Found">How many differences there were.</param>
/// <param name="Repaired">How many of them were put right.</param>
/// <param name="Repair">Whether they were to be put right.</param>
/// <param name="Drifts">The first <see cref="MaxDrifts"/> differences.</param>
public sealed record AuditReport(
    string Devmap,
    long Revision,
    DateTimeOffset StartedAt,
    TimeSpan Duration,
    long Checked,
    int Found,
    int Repaired,
    bool Repair,
    IReadOnlyList<Drift> Drifts)
{
    /// <summary>Most differences a report lists; all are counted and repaired.</summary>
    public const int MaxDrifts = 1000;
}
