namespace ControlPlane.Core.Model;

/// <summary>Facts about the host, probed once.</summary>
/// <param name="KernelRelease">The running kernel's release, as <c>uname -r</c>.</param>
/// <param name="Machine">The machine's architecture, as <c>uname -m</c>.</param>
/// <param name="LibbpfVersion">The version of the loaded libbpf.so.1; null when simulated.</param>
/// <param name="Simulated">Whether the kernel is the simulated one and no frame will ever move.</param>
/// <param name="Features">The probed features.</param>
public sealed record HostFacts(
    string KernelRelease,
    string Machine,
    string? LibbpfVersion,
    bool Simulated,
    IReadOnlyList<KernelFeature> Features);

/// <summary>A kernel feature, as probed: tried, never concluded from a version string.</summary>
/// <param name="Name">Its stable name (<see cref="KernelFeatureNames"/>).</param>
/// <param name="Available">Whether the probe succeeded.</param>
/// <param name="Since">The kernel version that brought it, for instance <c>5.8</c>.</param>
/// <param name="Detail">Why the probe failed; null when it succeeded.</param>
public sealed record KernelFeature(string Name, bool Available, string Since, string? Detail);

/// <summary>The names of the probed kernel features.</summary>
public static class KernelFeatureNames
{
    /// <summary><c>BPF_MAP_TYPE_DEVMAP_HASH</c>, since Linux 5.4.</summary>
    public const string DevmapHash = "devmap_hash";

    /// <summary>8-byte devmap values, which carry an egress program, since Linux 5.8.</summary>
    public const string EgressPrograms = "egress_programs";

    /// <summary><c>bpf_link</c> for XDP, since Linux 5.9.</summary>
    public const string XdpLink = "xdp_link";

    /// <summary><c>BPF_F_BROADCAST</c> redirects, since Linux 5.14.</summary>
    public const string Broadcast = "broadcast";

    /// <summary>XDP programs that take fragmented frames (<c>BPF_F_XDP_HAS_FRAGS</c>), since Linux 5.18.</summary>
    public const string Frags = "frags";

    /// <summary><c>BPF_F_TEST_XDP_LIVE_FRAMES</c>, since Linux 5.18.</summary>
    public const string LiveFrames = "live_frames";

    /// <summary>xdp-features of interfaces by genetlink <c>netdev</c>, since Linux 6.3.</summary>
    public const string XdpFeatures = "xdp_features";

    /// <summary>tcx links (<c>BPF_TCX_INGRESS</c>), since Linux 6.6.</summary>
    public const string Tcx = "tcx";

    /// <summary>Redirects to the peer of a veth in another network namespace (<c>bpf_redirect_peer</c>), since Linux 5.10; used in tcx mode.</summary>
    public const string RedirectPeer = "redirect_peer";

    /// <summary>
    /// Reading the offloads of a veth's peer in another network namespace from the kernel's own structs, since Linux 6.2
    /// (<c>bpf_rdonly_cast</c>); needs CAP_PERFMON and the kernel's BTF. Without it nobody can tell what such a sender leaves to others.
    /// </summary>
    public const string PeerOffloads = "peer_offloads";

    /// <summary>Raw tracepoint programs, since Linux 4.17; they need CAP_PERFMON.</summary>
    public const string RawTracepoints = "raw_tracepoints";

    /// <summary>A switch to a candidate table that the kernel takes back by a timer (<c>bpf_timer</c>), since Linux 5.15.</summary>
    public const string TimedConfirmation = "timed_confirmation";

    /// <summary>The same by redirect errors of the candidate, since Linux 5.15; needs CAP_PERFMON and the kernel's BTF.</summary>
    public const string RevertByDrops = "revert_by_drops";

    /// <summary>
    /// Counting what the kernel drops after a redirect: BTF tracepoints that tell the devmap and the key, since Linux 5.13; they
    /// need CAP_PERFMON and the kernel's BTF.
    /// </summary>
    public const string DropCounters = "drop_counters";
}

/// <summary>The host and the daemon as the API shows them. Read only.</summary>
/// <param name="KernelRelease">The release of the running kernel, as `uname -r` prints it.</param>
/// <param name="Machine">The architecture of the machine, as `uname -m` prints it.</param>
/// <param name="LibbpfVersion">The version of the loaded libbpf. Null when the kernel is simulated.</param>
/// <param name="DaemonVersion">The version of the daemon.</param>
/// <param name="Simulated">Whether the kernel is simulated, so that no frame moves.</param>
/// <param name="StartTime">When the daemon started.</param>
/// <param name="Revision">The revision of the daemon: the number of changes it has accepted.</param>
/// <param name="Features">The kernel features, as probed at start.</param>
/// <param name="Conditions">The checks of the place that the daemon runs in: whether its pins outlive it.</param>
public sealed record Host(
    string KernelRelease,
    string Machine,
    string? LibbpfVersion,
    string DaemonVersion,
    bool Simulated,
    DateTimeOffset StartTime,
    long Revision,
    IReadOnlyList<KernelFeature> Features,
    IReadOnlyList<Condition> Conditions);
