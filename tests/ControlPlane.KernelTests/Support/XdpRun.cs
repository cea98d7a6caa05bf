using ControlPlane.Kernel.Native;

namespace ControlPlane.KernelTests.Support;

/// <summary>Runs an XDP program on one frame, without any interface (<c>BPF_PROG_TEST_RUN</c>); the frame arrives on loopback.</summary>
internal static unsafe class XdpRun
{
    /// <summary>Runs it as often as this, on one CPU.</summary>
    public static void Repeat(FileDescriptor program, byte[] frame, int times)
    {
        fixed (byte* data = frame)
        {
            var opts = new bpf_test_run_opts { sz = (nuint)sizeof(bpf_test_run_opts), data_in = data, data_size_in = (uint)frame.Length, repeat = times };
            KernelCall.Check(Libbpf.bpf_prog_test_run_opts(program, &opts), "bpf_prog_test_run_opts");
        }
    }

    public static (uint Action, byte[] Frame) On(FileDescriptor program, byte[] frame)
    {
        var output = new byte[frame.Length + 64];
        fixed (byte* data = frame, room = output)
        {
            var opts = new bpf_test_run_opts
            {
                sz = (nuint)sizeof(bpf_test_run_opts),
                data_in = data,
                data_size_in = (uint)frame.Length,
                data_out = room,
                data_size_out = (uint)output.Length,
                repeat = 1,
            };
            KernelCall.Check(Libbpf.bpf_prog_test_run_opts(program, &opts), "bpf_prog_test_run_opts");
            return (opts.retval, output[..(int)opts.data_size_out]);
        }
    }
}
