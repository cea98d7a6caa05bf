namespace ControlPlane.Core.Model;

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

/// <summary>One difference between the kernel and what is wanted, that no request, link event or start accounts for.</summary>
/// <param name="Kind">What kind of difference.</param>
/// <param name="Key">The entry's key in its canonical text form, or the kernel key of a foreign element; null for an attachment.</param>
/// <param name="KernelKey">The key in the kernel's map; null for an attachment.</param>
/// <param name="Interface">The ingress interface of an attachment; null for an element.</param>
/// <param name="Found">What the kernel had; null when it had nothing.</param>
/// <param name="Wanted">What it is to have; null when it is to have nothing.</param>
/// <param name="Repaired">Whether the kernel is now as wanted.</param>
/// <param name="Failure">Why it is not, though repair was asked for; null otherwise.</param>
public sealed record Drift(
    DriftKind Kind,
    string? Key,
    uint? KernelKey,
    string? Interface,
    DriftElement? Found,
    DriftElement? Wanted,
    bool Repaired,
    string? Failure);

/// <summary>What an element of the kernel's map says, or is to say.</summary>
/// <param name="Ifindex">The device frames go to.</param>
/// <param name="Interface">Its name; null when there is no such device.</param>
/// <param name="EgressProgramId">The kernel's id of the egress program; null for none.</param>
/// <param name="EgressProgram">The name of that program; null for none, and for one that is not of this daemon.</param>
public sealed record DriftElement(uint Ifindex, string? Interface, uint? EgressProgramId, string? EgressProgram);

/// <summary>How the kernel differs from what is wanted.</summary>
public enum DriftKind
{
    /// <summary>A wanted element is not in the kernel's map, though its interfaces exist.</summary>
    Missing,

    /// <summary>The element is there with another device or another egress program.</summary>
    Changed,

    /// <summary>There is an element that nobody wants.</summary>
    Foreign,

    /// <summary>The redirect program no longer runs on an interface it is attached to.</summary>
    Detached,

    /// <summary>The redirect program looks keys up in another map, or in none.</summary>
    Inactive,
}
