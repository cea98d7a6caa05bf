using System.ComponentModel.DataAnnotations;
using ControlPlane.Core.Writing;

namespace ControlPlane.Daemon.Options;

/// <summary>How the writer takes its work; see <see cref="WriterOptions"/>.</summary>
internal sealed class WriterSettings
{
    /// <summary>Most commands that may wait, 1 .. 1,048,576.</summary>
    [Range(1, 1_048_576, ErrorMessage = "must be {1} to {2}")]
    public int QueueCapacity { get; set; } = 8192;

    /// <summary>Most commands taken in one batch, 1 .. 65,536.</summary>
    [Range(1, 65_536, ErrorMessage = "must be {1} to {2}")]
    public int MaxBatch { get; set; } = 1024;

    /// <summary>How long the commands that wait at shutdown may take before the rest is refused, 0 .. 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "must be {1} to {2}")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The settings in the core's terms.</summary>
    public WriterOptions ToWriterOptions() => new() { QueueCapacity = QueueCapacity, MaxBatch = MaxBatch };
}
