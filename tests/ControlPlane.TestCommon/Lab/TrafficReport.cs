namespace ControlPlane.TestCommon.Lab;

/// <summary>The fate of the frames of a run.</summary>
/// <param name="Sent">Frames that were sent.</param>
/// <param name="Delivered">Different frames that arrived.</param>
/// <param name="Duplicates">Arrivals of frames that had arrived before.</param>
/// <param name="FirstLost">The number of the first frame that did not arrive; null when all did.</param>
public sealed record TrafficReport(ulong Sent, ulong Delivered, ulong Duplicates, ulong? FirstLost)
{
    /// <summary>Frames that did not arrive.</summary>
    public ulong Lost => Sent - Delivered;

    /// <summary>Whether every frame arrived exactly once.</summary>
    public bool IsPerfect => Lost == 0 && Duplicates == 0;
}
