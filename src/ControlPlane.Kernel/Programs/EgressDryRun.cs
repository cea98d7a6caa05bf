using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Programs;

/// <summary>
/// Runs a template on a frame without sending it. The kernel refuses to run a program that is made for a devmap (EINVAL), so a
/// twin is loaded as a plain XDP program with its own counters. No template depends on the difference.
/// </summary>
internal static unsafe class EgressDryRun
{
    /// <summary>
    /// The kernel runs programs only on frames that fit a page with the headroom. The templates touch two addresses, a tag and a
    /// type, so the rest of a frame is not needed.
    /// </summary>
    private const int MaxHead = 256;
    private const int MaxGrowth = 4;

    /// <summary>Runs the template on the frame.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static EgressVerdict Run(EgressProgramConfig spec, ReadOnlyMemory<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, IEgressPrograms.MinFrameBytes);
        var function = spec.Template.KernelProgram;
        using var obj = BpfObject.OpenEmbedded("egress.bpf.o");
        obj.SetConfig(EgressConfig.Of(spec));
        obj.SetExpectedAttachType(function, BpfConstants.BPF_XDP);
        obj.Load(function);
        using var twin = obj.OpenProgram(function);

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
                result = Libbpf.bpf_prog_test_run_opts(twin, &opts);
            while (KernelCall.Interrupted(result));
            KernelCall.Check(result, $"bpf_prog_test_run_opts({function})");
            var action = (XdpAction)opts.retval;
            if (action != XdpAction.Pass)
                return new EgressVerdict(action, default);
            frame.Span[length..].CopyTo(output.AsSpan((int)opts.data_size_out));
            return new EgressVerdict(action, output.AsMemory(0, (int)opts.data_size_out + frame.Length - length));
        }
    }
}
