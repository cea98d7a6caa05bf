using System.Diagnostics;
using ControlPlane.Kernel.Native;

namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// Frames that the kernel itself sends through an XDP program and where it redirects them, in native mode
/// (<c>BPF_F_TEST_XDP_LIVE_FRAMES</c>, 5.18). The benchmarks compile this file, too.
/// </summary>
internal static unsafe class LiveFrames
{
    /// <summary>Frames that are sent at once.</summary>
    public const int Batch = 64;

    /// <summary>Sends this many; gives nanoseconds for each.</summary>
    /// <param name="program">The program that each frame is given to.</param>
    /// <param name="frame">The bytes of each frame.</param>
    /// <param name="ingressIfindex">The ingress interface that the program sees, in the network namespace of the calling thread.</param>
    /// <param name="frames">How many.</param>
    public static double Send(FileDescriptor program, byte[] frame, uint ingressIfindex, int frames) => Run(program, frame, ingressIfindex, frames).Elapsed;

    /// <summary>The same, by the clock of the kernel: without the wait of some milliseconds at the end, in whole nanoseconds.</summary>
    /// <inheritdoc cref="Send"/>
    public static double SendTimedByKernel(FileDescriptor program, byte[] frame, uint ingressIfindex, int frames) => Run(program, frame, ingressIfindex, frames).ByKernel;

    private static (double Elapsed, double ByKernel) Run(FileDescriptor program, byte[] frame, uint ingressIfindex, int frames)
    {
        var context = new xdp_md { data_end = (uint)frame.Length, ingress_ifindex = ingressIfindex };
        fixed (byte* data = frame)
        {
            var opts = new bpf_test_run_opts
            {
                sz = (nuint)sizeof(bpf_test_run_opts),
                data_in = data,
                data_size_in = (uint)frame.Length,
                ctx_in = &context,
                ctx_size_in = (uint)sizeof(xdp_md),
                repeat = frames,
                flags = BpfConstants.BPF_F_TEST_XDP_LIVE_FRAMES,
                batch_size = Batch,
            };
            var start = Stopwatch.GetTimestamp();
            KernelCall.Check(Libbpf.bpf_prog_test_run_opts(program, &opts), "bpf_prog_test_run_opts");
            return (Stopwatch.GetElapsedTime(start).TotalNanoseconds / frames, opts.duration);
        }
    }
}
