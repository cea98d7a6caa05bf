namespace ControlPlane.Core.Model;

/// <summary>The findings of one audit of a devmap.</summary>
/// <param name="Devmap">The devmap's name.</param>
/// <param name="Revision">The daemon's revision when it ended.</param>
/// <param name="StartTime">When it began.</param>
/// <param name="Duration">How long it took, the pauses of a regular audit included.</param>
/// <param name="Checked">How many entries, elements and attachments were compared.</param>
/// <param name="Found">How many differences there were.</param>
/// <param name="Repaired">How many of them were repaired.</param>
/// <param name="Repair">Whether repair was on.</param>
/// <param name="Drifts">The first <see cref="MaxDrifts"/> differences.</param>
public sealed record AuditReport(
    string Devmap,
    long Revision,
    DateTimeOffset StartTime,
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
/// <param name="Repaired">How many of them were repaired.</param>
/// <param name="Last">The report of the last one; null before the first.</param>
public sealed record AuditTally(long Audits, long Found, long Repaired, AuditReport? Last)
{
    /// <summary>Before the first audit.</summary>
    public static AuditTally None { get; } = new(0, 0, 0, null);

    /// <summary>Returns the summary as the API shows it; null before the first audit.</summary>
    public AuditSummary? Summary => Last is null ? null : new(Last.StartTime, Last.Found, Last.Repaired, Audits, Found, Repaired);

    /// <summary>With one more audit.</summary>
    public AuditTally With(AuditReport report) => new(Audits + 1, Found + report.Found, Repaired + report.Repaired, report);
}

/// <summary>The audits of a devmap since the daemon started, as the API shows them.</summary>
/// <param name="LastStartTime">When the last audit began.</param>
/// <param name="LastFound">How many differences the last audit found.</param>
/// <param name="LastRepaired">How many differences the last audit repaired.</param>
/// <param name="Audits">Audits since the daemon started.</param>
/// <param name="Found">Differences that these audits found.</param>
/// <param name="Repaired">Differences that these audits repaired.</param>
public sealed record AuditSummary(DateTimeOffset LastStartTime, int LastFound, int LastRepaired, long Audits, long Found, long Repaired);

/// <summary>A difference between the kernel and the desired state that no request, link event or start accounts for.</summary>
/// <param name="Kind">The kind of difference.</param>
/// <param name="Key">The entry's key in its canonical text form, or the kernel key of a foreign element; null for an attachment.</param>
/// <param name="KernelKey">The key in the kernel's map; null for an attachment.</param>
/// <param name="Interface">The ingress interface of an attachment; null for an element.</param>
/// <param name="Found">The element found in the kernel; null if there was none.</param>
/// <param name="Desired">The desired element. Null when none is desired.</param>
/// <param name="Repaired">Whether the kernel is now as desired.</param>
/// <param name="Failure">Why it is not, though repair was asked for; null otherwise.</param>
/// <param name="Pin">The path of a pin below the pin root; null for other differences.</param>
public sealed record Drift(
    DriftKind Kind,
    string? Key,
    uint? KernelKey,
    string? Interface,
    DriftElement? Found,
    DriftElement? Desired,
    bool Repaired,
    string? Failure,
    string? Pin = null);

/// <summary>An element of the kernel's map, found or desired.</summary>
/// <param name="Ifindex">The device frames go to.</param>
/// <param name="Interface">Its name; null when there is no such device.</param>
/// <param name="EgressProgramId">The kernel's id of the egress program; null for none.</param>
/// <param name="EgressProgram">The name of that program; null for none, and for one that is not of this daemon.</param>
/// <param name="Actions">The changes of each frame of the element; null for none.</param>
public sealed record DriftElement(uint Ifindex, string? Interface, uint? EgressProgramId, string? EgressProgram, EntryActions? Actions = null);

/// <summary>How the kernel differs from the desired state.</summary>
public enum DriftKind
{
    /// <summary>A desired element is not in the kernel's map, though its interfaces exist.</summary>
    Missing,

    /// <summary>The element is there with another device, another egress program or other actions.</summary>
    Changed,

    /// <summary>The kernel's map has an element that nobody desires.</summary>
    Unmanaged,

    /// <summary>The redirect program no longer runs on an interface it is attached to.</summary>
    Detached,

    /// <summary>The redirect program looks keys up in another map, or in none.</summary>
    Inactive,

    /// <summary>A pin was removed: without it, the object would end with the daemon.</summary>
    Unpinned,

    /// <summary>An interface that an attachment makes promiscuous is not.</summary>
    NotPromiscuous,

    /// <summary>The element is there, and its frames are not counted for it.</summary>
    Uncounted,
}
