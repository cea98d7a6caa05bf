namespace ControlPlane.Core.Model;

/// <summary>The phases of a table that was written with a time for its confirmation.</summary>
public enum ConfirmationPhase
{
    /// <summary>The table is active, and is taken back unless somebody confirms it.</summary>
    Pending,

    /// <summary>The table stays.</summary>
    Confirmed,

    /// <summary>The table was taken back on request.</summary>
    Cancelled,

    /// <summary>The kernel took the table back, because nobody confirmed it in time.</summary>
    TimedOut,

    /// <summary>The kernel took the table back, because it refused too many of its frames.</summary>
    Drops,
}

/// <summary>A table that was written with a time for its confirmation, and what became of it.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Deadline">When the kernel takes the table back unless somebody confirms it.</param>
/// <param name="EndTime">When the table was confirmed or taken back. Null while it is pending.</param>
/// <param name="Drops">The frames of the table that the kernel refused after a redirect while it was pending. 0 without a limit of these.</param>
public sealed record Confirmation(ConfirmationPhase Phase, DateTimeOffset Deadline, DateTimeOffset? EndTime, ulong Drops);
