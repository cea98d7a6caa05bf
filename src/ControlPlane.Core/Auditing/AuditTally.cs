namespace ControlPlane.Core.Auditing;

/// <summary>The audits of a devmap since the daemon started.</summary>
/// <param name="Audits">How many there were.</param>
/// <param name="Found">How many differences they found.</param>
/// <param name="Repaired">How many of them were put right.</param>
/// <param name="Last">The report of the last one; null before the first.</param>
public sealed record AuditTally(long Audits, long Found, long Repaired, AuditReport? Last)
{
    /// <summary>Before the first audit.</summary>
    public static AuditTally None { get; } = new(0, 0, 0, null);

    /// <summary>With one more audit.</summary>
    public AuditTally With(AuditReport report) => new(Audits + 1, Found + report.Found, Repaired + report.Repaired, report);
}
