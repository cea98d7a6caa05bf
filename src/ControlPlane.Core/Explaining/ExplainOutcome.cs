namespace ControlPlane.Core.Explaining;

/// <summary>What becomes of a frame.</summary>
public enum ExplainOutcome
{
    /// <summary>It leaves by the target of an entry.</summary>
    Leaves,

    /// <summary>It is dropped.</summary>
    Dropped,

    /// <summary>It goes to the host's network stack.</summary>
    Passed,

    /// <summary>No such frame comes in.</summary>
    NotReceived,

    /// <summary>It is not for the daemon to say: another's program decides, or more than one can.</summary>
    Unknown,
}
