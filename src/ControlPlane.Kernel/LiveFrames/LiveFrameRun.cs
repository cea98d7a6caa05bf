using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.LiveFrames;

/// <summary>The tracepoint programs of one run, and the run. The programs are attached as long as this lives.</summary>
internal sealed unsafe class LiveFrameRun : ILiveFrameRun
{
    private const string BeginProgram = "devmapd_begin";
    private static readonly string[] s_tracers = ["devmapd_refused", "devmapd_sent"];

    private readonly Func<string, LibbpfDevmap?> _find;
    private readonly List<FileDescriptor> _open = [];
    private readonly FileDescriptor _begin;
    private readonly FileDescriptor _run;

    /// <exception cref="KernelException">The kernel refused. Nothing stays attached.</exception>
    public LiveFrameRun(Func<string, LibbpfDevmap?> find)
    {
        _find = find;
        using var obj = BpfObject.OpenEmbedded("live.bpf.o");
        obj.Load([BeginProgram, .. s_tracers]);
        try
        {
            _run = Add(obj.OpenMap("run"));
            _begin = Add(obj.OpenProgram(BeginProgram));
            foreach (var name in s_tracers)
            {
                using var program = obj.OpenProgram(name);
                Add(FileDescriptor.FromLibbpf(
                    KernelCall.Retry(() => Libbpf.bpf_raw_tracepoint_open(null, program)), $"bpf_raw_tracepoint_open({name})"));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public LiveFrameFates Send(WriterScope scope, LiveFrameOrder order)
    {
        scope.Demand();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order.Count, ILiveFrames.MaxFrames);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order.Frame.Length, ILiveFrames.MaxBytes);
        if (_find(order.Devmap) is not { } devmap || devmap.FindProgram(order.Ingress.ProgramId) is not { } program)
            throw KernelCall.Failure($"program {order.Ingress.ProgramId} of devmap {order.Devmap}", Errno.ENOENT);
        Announce(new devmapd_live_run { map_id = devmap.MapId, key = order.KernelKey, from = order.Ingress.Ifindex, to = order.Target });
        Run(program, order);
        KernelCall.Check(BpfMap.Lookup<devmapd_live_run>(_run, 0, out var run), "bpf_map_lookup_elem(live frames)");
        return new LiveFrameFates(run.sent, run.dropped, (int)run.drop_error, run.refused, (int)run.refusal);
    }

    /// <summary>Detaches the programs.</summary>
    public void Dispose() => _open.ForEach(fd => fd.Dispose());

    private void Announce(devmapd_live_run run)
    {
        var opts = new bpf_test_run_opts { sz = (nuint)sizeof(bpf_test_run_opts), ctx_in = &run, ctx_size_in = (uint)sizeof(devmapd_live_run) };
        KernelCall.Check(Libbpf.bpf_prog_test_run_opts(_begin, &opts), $"bpf_prog_test_run_opts({BeginProgram})");
    }

    // One batch: a signal cannot end it halfway, so it is never repeated.
    private static void Run(FileDescriptor program, LiveFrameOrder order)
    {
        var context = new xdp_md { data_end = (uint)order.Frame.Length, ingress_ifindex = order.Ingress.Ifindex };
        fixed (byte* frame = order.Frame.Span)
        {
            var opts = new bpf_test_run_opts
            {
                sz = (nuint)sizeof(bpf_test_run_opts),
                data_in = frame,
                data_size_in = (uint)order.Frame.Length,
                ctx_in = &context,
                ctx_size_in = (uint)sizeof(xdp_md),
                repeat = order.Count,
                flags = BpfConstants.BPF_F_TEST_XDP_LIVE_FRAMES,
                batch_size = (uint)order.Count,
            };
            KernelCall.Check(
                Libbpf.bpf_prog_test_run_opts(program, &opts),
                $"bpf_prog_test_run_opts(devmap {order.Devmap}, ingress {order.Ingress.Interface}, {order.Count} live frames)");
        }
    }

    private FileDescriptor Add(FileDescriptor fd)
    {
        _open.Add(fd);
        return fd;
    }
}
