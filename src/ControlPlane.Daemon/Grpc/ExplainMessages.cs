using ControlPlane.Core.Explaining;
using Devmapd.V1;
using CoreExplanation = ControlPlane.Core.Explaining.Explanation;
using CoreFrame = ControlPlane.Core.Explaining.ExplainedFrame;
using CoreLeaving = ControlPlane.Core.Explaining.LeavingFrame;
using CoreOutcome = ControlPlane.Core.Explaining.ExplainOutcome;
using CoreStep = ControlPlane.Core.Explaining.ExplainStep;
using CoreVerdict = ControlPlane.Core.Explaining.ExplainVerdict;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Explanations between the contract and Core.</summary>
internal static class ExplainMessages
{
    public static ExplainQuery ToQuery(this ExplainRequest request) => new(
        request.HasKey ? request.Key : null,
        request.HasIngress ? request.Ingress : null,
        request.HasVlan ? request.Vlan : null,
        request.HasDst ? request.Dst : null,
        request.HasLength ? request.Length : null);

    public static Devmapd.V1.Explanation ToMessage(this CoreExplanation explanation)
    {
        var message = new Devmapd.V1.Explanation
        {
            Devmap = explanation.Devmap,
            Frame = ToMessage(explanation.Frame),
            Verdict = ToMessage(explanation.Verdict),
        };
        if (explanation.Key is { } key)
            message.Key = key;
        if (explanation.KernelKey is { } kernelKey)
            message.KernelKey = kernelKey;
        message.Steps.AddRange(explanation.Steps.Select(ToMessage));
        return message;
    }

    private static Devmapd.V1.ExplainedFrame ToMessage(CoreFrame frame)
    {
        var message = new Devmapd.V1.ExplainedFrame { Vlan = frame.Vlan, Bytes = (uint)frame.Bytes };
        if (frame.Ingress is { } ingress)
            message.Ingress = ingress;
        if (frame.Destination is { } destination)
            message.Dst = destination;
        if (frame.Length is { } length)
            message.Length = (uint)length;
        return message;
    }

    private static Devmapd.V1.ExplainStep ToMessage(CoreStep step)
    {
        var message = new Devmapd.V1.ExplainStep { Check = step.Check, Holds = step.Holds, Reason = step.Reason, Message = step.Message };
        foreach (var (name, value) in step.Evidence)
            message.Evidence.Add(name, value);
        if (step.Remedy is { } remedy)
            message.Remedy = remedy;
        return message;
    }

    private static Devmapd.V1.ExplainVerdict ToMessage(CoreVerdict verdict)
    {
        var message = new Devmapd.V1.ExplainVerdict
        {
            Outcome = verdict.Outcome switch
            {
                CoreOutcome.Leaves => Devmapd.V1.ExplainOutcome.Leaves,
                CoreOutcome.Dropped => Devmapd.V1.ExplainOutcome.Dropped,
                CoreOutcome.Passed => Devmapd.V1.ExplainOutcome.Passed,
                CoreOutcome.NotReceived => Devmapd.V1.ExplainOutcome.NotReceived,
                CoreOutcome.Unknown => Devmapd.V1.ExplainOutcome.Unknown,
                _ => throw new ArgumentOutOfRangeException(nameof(verdict), verdict.Outcome, "not in the contract"),
            },
            Reason = verdict.Reason,
            Message = verdict.Message,
            Leaving = verdict.Leaving is { } leaving ? ToMessage(leaving) : null,
        };
        if (verdict.Remedy is { } remedy)
            message.Remedy = remedy;
        return message;
    }

    private static Devmapd.V1.LeavingFrame ToMessage(CoreLeaving frame)
    {
        var message = new Devmapd.V1.LeavingFrame { Interface = frame.Interface, Bytes = (uint)frame.Bytes, Vlan = frame.Vlan };
        if (frame.SourceMac is { } source)
            message.SourceMac = source.ToString();
        if (frame.DestinationMac is { } destination)
            message.DestinationMac = destination.ToString();
        return message;
    }
}
