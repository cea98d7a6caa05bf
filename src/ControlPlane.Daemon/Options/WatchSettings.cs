using System.ComponentModel.DataAnnotations;
using ControlPlane.Core.Watching;

namespace ControlPlane.Daemon.Options;

/// <summary>How changes are kept for watchers; see <see cref="WatchOptions"/>.</summary>
internal sealed class WatchSettings
{
    /// <summary>How many of the last changes can be resumed from, 1 .. 16,777,216.</summary>
    [Range(1, 16_777_216, ErrorMessage = "must be {1} to {2}")]
    public int LogCapacity { get; set; } = 65_536;

    /// <summary>How long a stream may be silent before a bookmark is sent, 0.1 s .. 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1000000", "01:00:00", ErrorMessage = "must be {1} to {2}")]
    public TimeSpan BookmarkPeriod { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The settings in the core's terms.</summary>
    public WatchOptions ToWatchOptions() => new() { LogCapacity = LogCapacity, BookmarkPeriod = BookmarkPeriod };
}
