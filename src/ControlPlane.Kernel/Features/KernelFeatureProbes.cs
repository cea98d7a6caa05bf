using ControlPlane.Core.Errors;
using ControlPlane.Core.Host;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Layout.BpfConstants;

namespace ControlPlane.Kernel.Features;

/// <summary>Tries each feature for real, once. Nothing a probe makes outlives it, and no frame notices.</summary>
internal static class KernelFeatureProbes
{
    /// <summary>Runs all probes.</summary>
    public static IReadOnlyList<KernelFeature> Run() =>
    [
        DevmapHash(),
        Try(KernelFeatureNames.EgressPrograms, "5.8", () => CreateDevmap(8).Dispose()),
        Try(KernelFeatureNames.XdpLink, "5.9", XdpLink),
        Try(KernelFeatureNames.Broadcast, "5.14", Broadcast),
        Try(KernelFeatureNames.Frags, "5.18", () => ProbeProgram.Load(BPF_PROG_TYPE_XDP, ProbeProgram.Return(XDP_PASS), BPF_F_XDP_HAS_FRAGS).Dispose()),
        Try(KernelFeatureNames.LiveFrames, "5.18", LiveFrames),
        Try(KernelFeatureNames.RawTracepoints, "4.17", RawTracepoint),
    ];

    /// <summary>The one probe that the daemon cannot do without.</summary>
    public static KernelFeature DevmapHash() => Try(KernelFeatureNames.DevmapHash, "5.4", () => CreateDevmap(4).Dispose());

    private static KernelFeature Try(string name, string since, Action probe)
    {
        try
        {
            probe();
            return new KernelFeature(name, Available: true, since, Detail: null);
        }
        catch (KernelException e)
        {
            return new KernelFeature(name, Available: false, since, e.Message);
        }
    }

    private static FileDescriptor CreateDevmap(uint valueSize) => BpfMap.Create(BPF_MAP_TYPE_DEVMAP_HASH, "probe", valueSize, 1);

    /// <summary>
    /// Asks for a link on loopback in native mode, which loopback's driver cannot do: a kernel that knows XDP links says
    /// EOPNOTSUPP (or that somebody holds the interface), one that does not says EINVAL. Nothing is ever attached.
    /// </summary>
    private static unsafe void XdpLink()
    {
        const int loopback = 1;
        using var program = ProbeProgram.Load(BPF_PROG_TYPE_XDP, ProbeProgram.Return(XDP_PASS));
        var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts), flags = XDP_FLAGS_DRV_MODE };
        var result = Libbpf.bpf_link_create(program, loopback, BPF_XDP, &opts);
        if (result >= 0)
            FileDescriptor.FromLibbpf(result, "bpf_link_create").Dispose();
        else if (-result is not (Errno.EOPNOTSUPP or Errno.EBUSY or Errno.EEXIST))
            throw KernelCall.Failure("bpf_link_create(BPF_XDP)", -result);
    }

    /// <summary>
    /// Redirects by an empty devmap with <c>BPF_F_BROADCAST</c>: where the flag is known the helper says XDP_REDIRECT, and
    /// else XDP_ABORTED. The test run stops there, so the frame goes nowhere.
    /// </summary>
    private static void Broadcast()
    {
        using var map = CreateDevmap(4);
        using var program = ProbeProgram.Load(BPF_PROG_TYPE_XDP, ProbeProgram.Redirect(map, BPF_F_BROADCAST));
        if (ProbeProgram.Run(program, flags: 0) != XDP_REDIRECT)
            throw KernelCall.Failure("bpf_redirect_map(BPF_F_BROADCAST)", Errno.EINVAL);
    }

    private static void LiveFrames()
    {
        using var program = ProbeProgram.Load(BPF_PROG_TYPE_XDP, ProbeProgram.Return(XDP_DROP));
        ProbeProgram.Run(program, BPF_F_TEST_XDP_LIVE_FRAMES);
    }

    private static void RawTracepoint()
    {
        using var program = ProbeProgram.Load(BPF_PROG_TYPE_RAW_TRACEPOINT, ProbeProgram.Return(0));
        FileDescriptor.FromLibbpf(Libbpf.bpf_raw_tracepoint_open("xdp_redirect_err", program), "bpf_raw_tracepoint_open(xdp_redirect_err)").Dispose();
    }
}
