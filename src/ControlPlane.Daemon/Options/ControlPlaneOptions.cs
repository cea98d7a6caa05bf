using System.ComponentModel.DataAnnotations;

namespace ControlPlane.Daemon.Options;

/// <summary>The daemon's configuration: section <c>ControlPlane</c>. Validated as a whole before anything is touched.</summary>
internal sealed class ControlPlaneOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "ControlPlane";

    /// <summary>The folder of the daemon's pins, on a bpffs. Made by the daemon with mode 0700. An absolute path.</summary>
    [Required, AbsolutePath]
    public string PinRoot { get; set; } = "/sys/fs/bpf/devmapd";

    /// <summary>The folder of the daemon's state. Made by the daemon with mode 0700. An absolute path.</summary>
    [Required, AbsolutePath]
    public string StateDirectory { get; set; } = "/var/lib/devmapd";

    /// <summary>Where the daemon listens.</summary>
    public ListenOptions Listen { get; set; } = new();

    /// <summary>
    /// The devmaps it owns. At least one: a daemon without any would own nothing, which is nearly always a settings
    /// file that was not found or read.
    /// </summary>
    [MinLength(1, ErrorMessage = "must name at least one devmap")]
    public List<DevmapOptions> Devmaps { get; set; } = [];

    /// <summary>Bounds that no request or devmap may pass.</summary>
    public LimitsOptions Limits { get; set; } = new();

    /// <summary>How the writer takes its work and how it ends.</summary>
    public WriterSettings Writer { get; set; } = new();

    /// <summary>How changes are kept for watchers.</summary>
    public WatchSettings Watch { get; set; } = new();

    /// <summary>How the kernel is compared with what is wanted.</summary>
    public AuditSettings Audit { get; set; } = new();

    /// <summary>What <c>/metrics</c> tells.</summary>
    public MetricsSettings Metrics { get; set; } = new();
}
