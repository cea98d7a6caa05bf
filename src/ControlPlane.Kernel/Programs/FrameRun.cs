using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Programs;

/// <summary>Runs an XDP program on a frame without sending it (<c>BPF_PROG_TEST_RUN</c>).</summary>
internal static unsafe class FrameRun
{
    /// <summary>
    /// The kernel runs programs only on frames that fit a page with the headroom. Ours touch addresses, tags and the header of IP, so the
    /// rest of a frame is not needed.
    /// </summary>
    private const int MaxHead = 256;
    private const int MaxGrowth = 4; // a tag

    /// <summary>Returns the program's return value, and the frame as the program leaves it.</summary>
    /// <param name="program">The program.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="frame">From the destination address on; at least 14 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The frame is shorter than an Ethernet header.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static (uint Result, ReadOnlyMemory<byte> Frame) Run(FileDescriptor program, string name, ReadOnlyMemory<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, IEgressPrograms.MinFrameBytes);
        var length = Math.Min(frame.Length, MaxHead);
        var output = new byte[frame.Length + MaxGrowth];
        fixed (byte* head = frame.Span, room = output)
        {
            var opts = new bpf_test_run_opts
            {
                sz = (nuint)sizeof(bpf_test_run_opts),
                data_in = head,
                data_size_in = (uint)length,
                data_out = room,
                data_size_out = (uint)(length + MaxGrowth),
                repeat = 1,
            };
            int result;
            do
                result = Libbpf.bpf_prog_test_run_opts(program, &opts);
            while (KernelCall.Interrupted(result));
            KernelCall.Check(result, $"bpf_prog_test_run_opts({name})");
            frame.Span[length..].CopyTo(output.AsSpan((int)opts.data_size_out));
            return (opts.retval, output.AsMemory(0, (int)opts.data_size_out + frame.Length - length));
        }
    }
}
