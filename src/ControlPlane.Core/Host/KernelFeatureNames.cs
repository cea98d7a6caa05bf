namespace ControlPlane.Core.Host;

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

    /// <summary>Raw tracepoint programs, since Linux 4.17; they need CAP_PERFMON.</summary>
    public const string RawTracepoints = "raw_tracepoints";

    /// <summary>
    /// Counting what the kernel drops after a redirect: BTF tracepoints that tell the devmap and the key, since Linux 5.13; they
    /// need CAP_PERFMON and the kernel's BTF.
    /// </summary>
    public const string DropCounters = "drop_counters";
}
