using System.ComponentModel.DataAnnotations;

namespace ControlPlane.Daemon.Options;

/// <summary>Bounds that keep a mistake from taking the host's memory.</summary>
internal sealed class LimitsOptions
{
    /// <summary>
    /// Largest capacity of one devmap, 1 .. 2^31. The kernel allocates 8 bytes a bucket at creation and 64 bytes an
    /// entry: 1,048,576 entries take up to 72 MiB.
    /// </summary>
    [Range(1L, 1L << 31, ErrorMessage = "must be {1} to {2}")]
    public long MaxEntriesPerDevmap { get; set; } = 1_048_576;
}
