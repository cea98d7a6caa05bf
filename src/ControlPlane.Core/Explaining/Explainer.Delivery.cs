using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Explaining;

/// <summary>The way from the key on. What the kernel has decides, also where it is not what is wanted.</summary>
internal sealed partial class Explainer
{
    /// <summary>Where does the key's entry send it?</summary>
    private ExplainVerdict JudgeElement()
    {
        if (JudgeSlot() is { } ended)
            return ended;
        var key = _key!.Value;
        var wanted = devmap.Entries.Find(key) ?? question.Asked;
        if (question.Asked is { Failure: { } failure } asked && asked != wanted)
            Tell(new Condition(ConditionTypes.InKernel, false, failure.Reason, failure.Message, failure.Remedy));
        var found = devmap.Kernel.TryLookup(key, out var element);
        var condition = wanted is null ? null : _evaluator.Judge(wanted, found ? element : null).Conditions[0];
        if (!found)
            return Misses(Tell(condition ?? NoEntry(key), ("kernelMapId", devmap.Kernel.MapId)));

        var target = Ask(element.Ifindex);
        if (target is { Kind: "veth", LinkIfindex: { } peer, LinkNetnsId: null })
            Ask(peer);
        var program = state.Programs.Values.FirstOrDefault(p => p.Loaded.ProgramId == element.EgressProgramId);
        condition ??= new Condition(
            ConditionTypes.InKernel, false, "Foreign", "The kernel's map has an entry for the key that nobody asked the daemon for.", $"POST /v1/devmaps/{Definition.Name}:audit");
        var step = Tell(
            condition,
            ("kernelMapId", devmap.Kernel.MapId), ("interface", target?.Name), ("ifindex", element.Ifindex),
            ("egressProgram", program?.Wanted.Name), ("egressProgramId", element.EgressProgramId == 0 ? null : element.EgressProgramId));
        if (target is null)
            return Ends(ExplainOutcome.Dropped, step);
        if (program is null && element.EgressProgramId != 0)
            return Ends(ExplainOutcome.Unknown, step);
        var entry = condition.Status ? wanted! : Imagined(wanted, key, target, program);
        return JudgeDelivery(entry, element, target, program);
    }

    /// <summary>Is it this devmap that the redirect program looks the key up in?</summary>
    private ExplainVerdict? JudgeSlot()
    {
        var (active, ours) = (devmap.Kernel.ReadActiveMapId(), devmap.Kernel.MapId);
        if (active == ours)
            return null;
        var (reason, where) = active == 0 ? ("SlotEmpty", "no map") : ("OtherMap", $"another map (id {active})");
        var step = Tell(
            new Condition(
                ExplainChecks.DevmapActive, false, reason, $"Somebody else has the redirect program of '{Definition.Name}' look keys up in {where}.",
                $"POST /v1/devmaps/{Definition.Name}:audit"),
            ("kernelMapId", ours), ("activeMapId", active));
        return active == 0 ? Misses(step) : Ends(ExplainOutcome.Unknown, step);
    }

    /// <summary>The interface as the kernel has it now; what is judged must not be older than the question.</summary>
    private InterfaceInfo? Ask(uint ifindex)
    {
        var info = kernel.Interfaces.Query(ifindex);
        interfaces = info is null ? interfaces.Without(ifindex) : interfaces.With(info);
        return info;
    }

    /// <summary>Would the target take it, and let it go?</summary>
    private ExplainVerdict JudgeDelivery(PlacedEntry entry, KernelEntry element, InterfaceInfo target, PlacedProgram? program)
    {
        EgressVerdict? run = program is null ? null : kernel.Programs.DryRun(program.Loaded.Config, _frame);
        var left = run is { Action: XdpAction.Pass } passed ? passed.Frame : _frame;
        var judged = new JudgedFrame(question.Ingress, question.Length is null ? null : (_frame.Length, left.Length));
        var (facts, _) = _evaluator.Ingress(question.Ingress ?? "");
        ExplainStep? fault = null;
        foreach (var condition in new StatusEvaluator(state, devmap, interfaces, drops, judged).Judge(entry, element).Conditions)
        {
            if (condition.Type is ConditionTypes.InKernel or ConditionTypes.IngressAttached or ConditionTypes.KeyReachable)
                continue;
            var step = Tell(condition, Evidence(condition.Type, target, facts, program));
            fault ??= step.Holds ? null : step;
        }

        var last = Tell(RunOf(program, run), ("egressProgram", program?.Wanted.Name), ("action", run?.Action), ("bytesIn", _frame.Length), ("bytesOut", run is null ? null : left.Length));
        fault ??= last.Holds ? null : last;
        if (fault is not null)
            return Ends(fault.Check == ConditionTypes.EgressProgramAgrees ? ExplainOutcome.Unknown : ExplainOutcome.Dropped, fault);
        return Leaves(target, left.Span);
    }

    private ExplainVerdict Leaves(InterfaceInfo target, ReadOnlySpan<byte> frame)
    {
        var vlan = TestFrame.VlanOf(frame);
        var (source, destination) = TestFrame.NewMacs(_frame, frame);
        var macs = (source is null ? "" : $", from {source}") + (destination is null ? "" : $", to {destination}");
        return new ExplainVerdict(
            ExplainOutcome.Leaves,
            "Forwarded",
            $"The frame leaves by '{target.Name}' with {frame.Length} bytes, {(vlan == 0 ? "untagged" : $"in VLAN {vlan}")}{macs}.",
            Leaving: new LeavingFrame(target.Name, frame.Length, vlan, source, destination));
    }

    private static Condition RunOf(PlacedProgram? program, EgressVerdict? run)
    {
        const string Type = ExplainChecks.EgressProgramRun;
        if (program is null || run is not { } verdict)
            return new(Type, true, "NoEgressProgram", "The entry carries no egress program; the frame leaves as it came.");
        var name = program.Wanted.Name;
        return verdict.Action == XdpAction.Pass
            ? new(Type, true, "Passes", $"The egress program '{name}' ({program.Loaded.Config.Template.Text()}) lets the frame leave.")
            : new(Type, false, "Drops", $"The egress program '{name}' ({program.Loaded.Config.Template.Text()}) drops the frame.", "PUT the entry with another egress program.");
    }

    private (string, object?)[] Evidence(string type, InterfaceInfo target, IngressFacts facts, PlacedProgram? program) => type switch
    {
        ConditionTypes.InterfaceUp => [("interface", target.Name), ("ifindex", target.Ifindex)],
        ConditionTypes.CarrierPresent => [("kind", target.Kind), ("peer", interfaces.PeerOf(target)?.Name)],
        ConditionTypes.TargetAcceptsRedirect => [("mode", facts.Native ? "native" : "generic"), ("xdpFeatures", target.XdpFeatures)],
        ConditionTypes.MtuSufficient =>
        [
            ("mtu", target.Mtu),
            ("peerMtu", interfaces.PeerOf(target)?.Mtu ?? target.PeerMtu),
            .. question.Length is null ? [("ingress", facts.Widest?.Name), ("ingressMtu", facts.Widest?.Mtu)] : new (string, object?)[] { ("bytes", _frame.Length) },
        ],
        _ => [("egressProgram", program?.Wanted.Name), ("egressProgramId", program?.Loaded.ProgramId)],
    };

    /// <summary>What would be wanted, were the kernel right: then the target is judged that the frame really goes to.</summary>
    private PlacedEntry Imagined(PlacedEntry? wanted, uint key, InterfaceInfo target, PlacedProgram? program)
    {
        var record = wanted?.Record ?? new EntryRecord(
            Definition.Name, KeyOf(key), new EntrySpec(target.Name), 0, default, default);
        return new PlacedEntry(record with { Spec = record.Spec with { Interface = target.Name, EgressProgram = program?.Wanted.Name } }, key);
    }

    private Condition NoEntry(uint key)
    {
        var text = KeyCodec.Format(Definition.Spec.KeySelector, KeyOf(key));
        return new Condition(
            ConditionTypes.InKernel, false, "NoEntry", $"The devmap has no entry for the key '{text}'.",
            $"PUT /v1/devmaps/{Definition.Name}/entries/{Uri.EscapeDataString(text)} with {{\"interface\": \"TARGET\"}}");
    }
}
