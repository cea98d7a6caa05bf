using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Programs;

/// <summary>Runs the actions of an entry on a frame without sending it: a program of its own, with the same code as the redirect programs.</summary>
internal sealed class ActionDryRun : IActionDryRun
{
    private const string Function = "devmapd_act";

    public ActionVerdict DryRun(EntryActions actions, ReadOnlyMemory<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frame.Length, IEgressPrograms.MinFrameBytes);
        using var obj = BpfObject.OpenEmbedded("act.bpf.o");
        obj.SetConfig(ActionConfig.Of(actions));
        obj.Load(Function);
        using var program = obj.OpenProgram(Function);
        var (result, changed) = FrameRun.Run(program, Function, frame);
        // A frame that does not go on is as it came, also where a part of its actions was applied.
        return result switch
        {
            BpfConstants.XDP_TX => new ActionVerdict(ActionOutcome.Applied, changed),
            BpfConstants.XDP_PASS => new ActionVerdict(ActionOutcome.Expired, frame),
            _ => new ActionVerdict(ActionOutcome.Failed, frame),
        };
    }
}
