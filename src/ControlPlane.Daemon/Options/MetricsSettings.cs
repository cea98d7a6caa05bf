using System.ComponentModel.DataAnnotations;

namespace ControlPlane.Daemon.Options;

/// <summary>What <c>/metrics</c> tells.</summary>
internal sealed class MetricsSettings
{
    /// <summary>Of each devmap so many entries, those with the most traffic, have metrics of their own, 0 .. 1,000.</summary>
    [Range(0, 1000, ErrorMessage = "must be {1} to {2}")]
    public int TopEntries { get; set; } = 20;
}
