using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Programs;

/// <summary>Runs the actions of an entry on a frame without sending it: a program of its own, with the same code as the redirect programs.</summary>
internal sealed unsafe class ActionDryRun : IActionDryRun
{
    /// <summary>
    /// The kernel runs programs only on frames that fit a page with the headroom. Actions touch the addresses, tags and the header of
    /// IP, so the rest of a frame is not needed.
    /// </summary>
    private const int MaxHead = 256;
    private const int TagBytes = 4;
    private const string Function = "devmapd_act";

    public ActionVerdict DryRun(EntryActions actions, ReadOnlyMemory<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, IEgressPrograms.MinFrameBytes);
        using var obj = BpfObject.OpenEmbedded("act.bpf.o");
        obj.SetConfig(ActionConfig.Of(actions));
        obj.Load(Function);
        using var program = obj.OpenProgram(Function);
        var length = Math.Min(frame.Length, MaxHead);
        var output = new byte[frame.Length + TagBytes];
        fixed (byte* head = frame.Span, room = output)
        {
            var opts = new bpf_test_run_opts
            {
                sz = (nuint)sizeof(bpf_test_run_opts),
                data_in = head,
                data_size_in = (uint)length,
                data_out = room,
                data_size_out = (uint)(length + TagBytes),
                repeat = 1,
            };
            int result;
            do
                result = Libbpf.bpf_prog_test_run_opts(program, &opts);
            while (KernelCall.Interrupted(result));
            KernelCall.Check(result, $"bpf_prog_test_run_opts({Function})");
            var outcome = opts.retval switch
            {
                BpfConstants.XDP_TX => ActionOutcome.Applied,
                BpfConstants.XDP_PASS => ActionOutcome.Expired,
                _ => ActionOutcome.Failed,
            };
            // A frame that does not go on is as it came, also where a part of its actions was applied.
            if (outcome != ActionOutcome.Applied)
                return new ActionVerdict(outcome, frame);
            frame.Span[length..].CopyTo(output.AsSpan((int)opts.data_size_out));
            return new ActionVerdict(outcome, output.AsMemory(0, (int)opts.data_size_out + frame.Length - length));
        }
    }
}
