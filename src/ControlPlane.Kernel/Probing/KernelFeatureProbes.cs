using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Guards;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Netlink;
using ControlPlane.Kernel.Objects;
using static ControlPlane.Kernel.Native.BpfConstants;

namespace ControlPlane.Kernel.Probing;

/// <summary>Tries each feature once. Each probe removes what it creates and touches no frame.</summary>
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
        Tcx(),
        Try(KernelFeatureNames.RedirectPeer, "5.10", () => ProbeProgram.Load(BPF_PROG_TYPE_SCHED_CLS, ProbeProgram.RedirectPeer()).Dispose()),
        Try(KernelFeatureNames.PeerOffloads, "6.2", () => PeerPeek.Load().Dispose()),
        Try(KernelFeatureNames.RawTracepoints, "4.17", RawTracepoint),
        Try(KernelFeatureNames.TimedConfirmation, "5.15", () => SwitchGuard.Probe(watches: false)),
        Try(KernelFeatureNames.RevertByDrops, "5.15", () => SwitchGuard.Probe(watches: true)),
    ];

    /// <summary>Probes the one feature that the daemon cannot run without.</summary>
    public static KernelFeature DevmapHash() => Try(KernelFeatureNames.DevmapHash, "5.4", () => CreateDevmap(4).Dispose());

    /// <summary>Probes tcx links.</summary>
    public static KernelFeature Tcx() => Try(KernelFeatureNames.Tcx, "6.6", TcxLink);

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
    /// Asks for a link on loopback in native mode, which the driver of loopback does not support. A kernel with XDP links returns
    /// EOPNOTSUPP (or an errno for an interface in use); a kernel without them returns EINVAL. Nothing is attached.
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

    /// <summary>Asks for a tcx link on a device that does not exist. A kernel with tcx returns ENODEV, a kernel without it EINVAL.</summary>
    private static unsafe void TcxLink()
    {
        using var program = ProbeProgram.Load(BPF_PROG_TYPE_SCHED_CLS, ProbeProgram.Return(0));
        var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts) };
        var result = Libbpf.bpf_link_create(program, int.MaxValue, TcxConstants.BPF_TCX_INGRESS, &opts);
        if (result >= 0)
            FileDescriptor.FromLibbpf(result, "bpf_link_create").Dispose();
        else if (-result != Errno.ENODEV)
            throw KernelCall.Failure("bpf_link_create(BPF_TCX_INGRESS)", -result);
    }

    /// <summary>
    /// Redirects through an empty devmap with <c>BPF_F_BROADCAST</c>. The helper returns XDP_REDIRECT if the kernel knows the flag,
    /// else XDP_ABORTED. The test run ends there, so no frame is sent.
    /// </summary>
    private static void Broadcast()
    {
        using var map = CreateDevmap(4);
        using var program = ProbeProgram.Load(BPF_PROG_TYPE_XDP, ProbeProgram.Redirect(map, BPF_F_BROADCAST));
        if (ProbeProgram.Run(program, flags: 0) != XDP_REDIRECT)
            throw KernelCall.Failure("bpf_redirect_map(BPF_F_BROADCAST)", Errno.EINVAL);
    }

    /// <summary>Runs a program that drops on one live frame.</summary>
    public static void LiveFrames()
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
