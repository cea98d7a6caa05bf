using System.ComponentModel.DataAnnotations;
using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing.Loop;

namespace ControlPlane.Daemon.Options;

/// <summary>
/// The configuration of the daemon: section <c>ControlPlane</c>. It is validated as a whole, and the daemon starts only if it is valid.
/// </summary>
internal sealed class ControlPlaneOptions
{
    /// <summary>The name of the section.</summary>
    public const string Section = "ControlPlane";

    /// <summary>The folder of the pins, on a bpffs: an absolute path. The daemon makes it with mode 0700.</summary>
    [Required(ErrorMessage = "must be set"), AbsolutePath]
    public string PinRoot { get; set; } = "/sys/fs/bpf/devmapd";

    /// <summary>The folder of the store: an absolute path. The daemon makes it with mode 0700.</summary>
    [Required(ErrorMessage = "must be set"), AbsolutePath]
    public string StateDirectory { get; set; } = "/var/lib/devmapd";

    /// <summary>The folder of table files, which are applied at start and reload: an absolute path. Empty for none.</summary>
    [AbsolutePath]
    public string TablesDirectory { get; set; } = "/etc/devmapd/tables.d";

    /// <summary>The addresses.</summary>
    public ListenOptions Listen { get; set; } = new();

    /// <summary>The files of TLS.</summary>
    public TlsOptions Tls { get; set; } = new();

    /// <summary>The callers that have a role.</summary>
    public AccessOptions Access { get; set; } = new();

    /// <summary>The devmaps, at least one. A daemon without a devmap nearly always has not found its settings file.</summary>
    [MinLength(1, ErrorMessage = "must name at least one devmap")]
    public List<DevmapOptions> Devmaps { get; set; } = [];

    /// <summary>Upper bounds for requests and devmaps.</summary>
    public LimitsOptions Limits { get; set; } = new();

    /// <summary>Queue, batches and shutdown of the writer.</summary>
    public WriterSettings Writer { get; set; } = new();

    /// <summary>The changes kept for watchers.</summary>
    public WatchSettings Watch { get; set; } = new();

    /// <summary>The changes kept in the store.</summary>
    public HistorySettings History { get; set; } = new();

    /// <summary>The comparisons of the kernel with the desired state.</summary>
    [Reloadable]
    public AuditSettings Audit { get; set; } = new();

    /// <summary>The probes of entries.</summary>
    [Reloadable]
    public ProbeSettings Probe { get; set; } = new();

    /// <summary>From when on devmaps warn that they become full.</summary>
    public CapacitySettings Capacity { get; set; } = new();

    /// <summary>The content of <c>/metrics</c>.</summary>
    public MetricsSettings Metrics { get; set; } = new();
}

/// <summary>The addresses the daemon listens on: a unix socket, and over TCP if configured.</summary>
internal sealed class ListenOptions
{
    /// <summary>
    /// The address of REST and the web pages: <c>http://</c> with a loopback address such as <c>http://127.0.0.1:5080</c>, or
    /// <c>https://</c> with any address. Port 0 takes a free port. Empty for none.
    /// </summary>
    [ListenAddress]
    public string Rest { get; set; } = "";

    /// <summary>The address of gRPC: as <see cref="Rest"/>, with another port. Empty for none.</summary>
    [ListenAddress]
    public string Grpc { get; set; } = "";

    /// <summary>
    /// The unix socket of both, with mode 0660: an absolute path of at most 107 bytes (<c>sun_path</c> without its terminator).
    /// Empty for none. A socket that systemd passes takes its place.
    /// </summary>
    [AbsolutePath(MaxBytes = 107)]
    public string UnixSocket { get; set; } = "/run/devmapd/devmapd.sock";
}

/// <summary>Bounds that protect the host from mistakes in the configuration, and callers from each other.</summary>
internal sealed class LimitsOptions
{
    /// <summary>
    /// The largest capacity of one devmap, 1 .. 2^31. The kernel allocates 8 bytes per bucket at creation and 64 bytes per entry:
    /// 1,048,576 entries take up to 72 MiB.
    /// </summary>
    [Range(1L, 1L << 31, ErrorMessage = "must be {1} to {2}")]
    public long MaxEntriesPerDevmap { get; set; } = 1_048_576;

    /// <summary>
    /// The most connections of all callers, 1 .. 1,048,576; null for 4096, or fewer where the limit of file descriptors has no room for so
    /// many. An idle connection is closed if a new one needs its place.
    /// </summary>
    [Range(1, 1_048_576, ErrorMessage = "must be {1} to {2}")]
    public int? Connections { get; set; }

    /// <summary>Returns the most connections of all callers.</summary>
    /// <param name="descriptors">The limit of file descriptors; null for none.</param>
    public int ConnectionsUnder(long? descriptors) => Connections ?? FileDescriptors.DefaultConnections(descriptors);

    /// <summary>The most connections of one user of the unix socket or of one address, 1 .. 1,048,576.</summary>
    [Range(1, 1_048_576, ErrorMessage = "must be {1} to {2}")]
    public int ConnectionsPerCaller { get; set; } = 1024;

    /// <summary>The most streams of all callers, 1 .. 1,048,576: watches, and those of health and reflection.</summary>
    [Range(1, 1_048_576, ErrorMessage = "must be {1} to {2}")]
    public int Streams { get; set; } = 2048;

    /// <summary>The most streams of one caller, 1 .. 1,048,576.</summary>
    [Range(1, 1_048_576, ErrorMessage = "must be {1} to {2}")]
    public int StreamsPerCaller { get; set; } = 512;
}

/// <summary>Queue, batches and shutdown of the writer; see <see cref="WriterOptions"/>.</summary>
internal sealed class WriterSettings
{
    /// <summary>The most commands that can wait, 1 .. 1,048,576.</summary>
    [Range(1, 1_048_576, ErrorMessage = "must be {1} to {2}")]
    public int QueueCapacity { get; set; } = 8192;

    /// <summary>The most commands of one caller that can wait, 1 .. 1,048,576; never more than half of <see cref="QueueCapacity"/>.</summary>
    [Range(1, 1_048_576, ErrorMessage = "must be {1} to {2}")]
    public int QueuePerCaller { get; set; } = 4096;

    /// <summary>The most commands in one batch, 1 .. 65,536.</summary>
    [Range(1, 65_536, ErrorMessage = "must be {1} to {2}")]
    public int MaxBatch { get; set; } = 1024;

    /// <summary>The time that waiting commands have at shutdown before the rest is refused, 0 .. 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "must be {1} to {2}")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Returns the settings as options of the core.</summary>
    public WriterOptions ToWriterOptions() => new() { QueueCapacity = QueueCapacity, QueuePerCaller = QueuePerCaller, MaxBatch = MaxBatch };
}

/// <summary>The changes kept for watchers; see <see cref="WatchOptions"/>.</summary>
internal sealed class WatchSettings
{
    /// <summary>The number of changes that are kept in memory for watchers, 1 .. 16,777,216. Older ones come from the history.</summary>
    [Range(1, 16_777_216, ErrorMessage = "must be {1} to {2}")]
    public int LogCapacity { get; set; } = 65_536;

    /// <summary>The time without an event after which a stream sends a bookmark, 0.1 s .. 1 hour.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1000000", "01:00:00", ErrorMessage = "must be {1} to {2}")]
    public TimeSpan BookmarkPeriod { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Returns the settings as options of the core.</summary>
    public WatchOptions ToWatchOptions() => new() { LogCapacity = LogCapacity, BookmarkPeriod = BookmarkPeriod };
}

/// <summary>The changes kept in the store; see <see cref="HistoryOptions"/>.</summary>
internal sealed class HistorySettings
{
    /// <summary>The age at which changes go, a minute .. 3650 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00", ErrorMessage = "must be {1} to {2}")]
    public TimeSpan MaxAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The bytes that changes may take in the store, 64 KiB .. 64 GiB. The oldest go first.</summary>
    [Range(65_536L, 68_719_476_736L, ErrorMessage = "must be {1} to {2}")]
    public long MaxBytes { get; set; } = 268_435_456;

    /// <summary>Returns the settings as options of the store.</summary>
    public HistoryOptions ToHistoryOptions() => new() { MaxAge = MaxAge, MaxBytes = MaxBytes };
}

/// <summary>The comparisons of the kernel with the desired state; see <see cref="AuditOptions"/>.</summary>
internal sealed class AuditSettings
{
    /// <summary>The time between two regular audits, up to a day. 0 for none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = "must be {1} to {2}")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether an audit repairs what others have changed.</summary>
    public bool Repair { get; set; } = true;

    /// <summary>Returns the settings as options of the core.</summary>
    public AuditOptions ToAuditOptions() => new() { Interval = Interval, Repair = Repair };
}

/// <summary>The probes of entries; see <see cref="ProbeOptions"/>.</summary>
internal sealed class ProbeSettings
{
    /// <summary>Whether callers may probe entries. A probe sends up to 100 real frames out of the target of an entry.</summary>
    public bool Enabled { get; set; }

    /// <summary>Returns the settings as options of the core.</summary>
    public ProbeOptions ToProbeOptions() => new(Enabled);
}

/// <summary>From when on devmaps warn that they become full; see <see cref="CapacityOptions"/>.</summary>
internal sealed class CapacitySettings
{
    /// <summary>The part of the capacity in percent from which on the condition <c>CapacityAvailable</c> is False, 1 .. 100.</summary>
    [Range(1, 100, ErrorMessage = "must be {1} to {2}")]
    public int WarnPercent { get; set; } = 80;

    /// <summary>The part of the capacity in percent from which on its reason is <c>CapacityCritical</c>, 1 .. 100; not less than <see cref="WarnPercent"/>.</summary>
    [Range(1, 100, ErrorMessage = "must be {1} to {2}")]
    public int CriticalPercent { get; set; } = 95;

    /// <summary>Returns the settings as options of the core.</summary>
    public CapacityOptions ToCapacityOptions() => new(WarnPercent, CriticalPercent);
}

/// <summary>The content of <c>/metrics</c>.</summary>
internal sealed class MetricsSettings
{
    /// <summary>The number of entries per devmap that have metrics of their own, those with the most traffic, 0 .. 1,000.</summary>
    [Reloadable, Range(0, 1000, ErrorMessage = "must be {1} to {2}")]
    public int TopEntries { get; set; } = 20;

    /// <summary>Whether everybody who can connect may read the metrics. Otherwise a role is needed: viewer.</summary>
    public bool Open { get; set; }

    /// <summary>Returns the settings as options of the core.</summary>
    public CoreMetricsOptions ToMetricsOptions() => new(TopEntries);
}
