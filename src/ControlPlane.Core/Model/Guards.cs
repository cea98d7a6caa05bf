namespace ControlPlane.Core.Model;

/// <summary>The phases of a guarded switch to a candidate table. The kernel moves it on by itself, and an end is final.</summary>
public enum GuardPhase
{
    /// <summary>Nothing was switched.</summary>
    Unarmed,

    /// <summary>The candidate is active, and the kernel takes the table back unless somebody confirms.</summary>
    Armed,

    /// <summary>The candidate stays.</summary>
    Confirmed,

    /// <summary>The table was taken back on request.</summary>
    Cancelled,

    /// <summary>The kernel took the table back when the time was over.</summary>
    Expired,

    /// <summary>The kernel took the table back at the last redirect error that the candidate was allowed.</summary>
    Dropped,
}

/// <summary>How the kernel guards a switch.</summary>
/// <param name="Timeout">The time after which it takes the table back.</param>
/// <param name="RevertAfterDrops">The number of redirect errors of the candidate at which it takes the table back; null to allow any number.</param>
public readonly record struct GuardOrder(TimeSpan Timeout, ulong? RevertAfterDrops = null);

/// <summary>The state of a guarded switch.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Deadline">When the kernel takes the table back, by the clock of now.</param>
/// <param name="EndTime">When it ended; null before.</param>
/// <param name="Drops">The frames of the candidate that the kernel refused until the end; 0 without a limit of these.</param>
public readonly record struct GuardReport(GuardPhase Phase, DateTimeOffset Deadline, DateTimeOffset? EndTime, ulong Drops)
{
    /// <summary>Whether the table was taken back.</summary>
    public bool IsTakenBack => Phase is GuardPhase.Cancelled or GuardPhase.Expired or GuardPhase.Dropped;
}
