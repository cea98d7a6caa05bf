namespace ControlPlane.Core.Watching;

/// <summary>How changes are kept for watchers.</summary>
public sealed record WatchOptions
{
    /// <summary>How many of the last changes, over all devmaps, can be resumed from. 1 .. 16,777,216.</summary>
    public int LogCapacity { get; init; } = 65_536;

    /// <summary>How long a stream may be silent before a bookmark is sent. At least a millisecond.</summary>
    public TimeSpan BookmarkPeriod { get; init; } = TimeSpan.FromSeconds(15);
}
