using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Explaining;

/// <summary>The way from the key on. The kernel's element decides, also where it is not the desired one.</summary>
internal sealed partial class Explainer
{
    /// <summary>Where does the key's entry send it?</summary>
    private ExplainVerdict JudgeElement()
    {
        if (JudgeSlot() is { } ended)
            return ended;
        var key = _key!.Value;
        var wanted = devmap.Entries.Find(key) ?? (_tag > BesideFate.Unseen ? null : question.Asked);
        if (question.Asked is { Failure: { } failure } asked && asked != wanted)
            Tell(ConditionTypes.InKernel.False(failure.Reason, failure.Message, failure.Remedy));
        var found = _map.TryLookup(key, out var element);
        var condition = wanted is null ? null : _evaluator.Judge(wanted, found ? element : null).Conditions[0];
        if (!found)
            return Misses(Tell(condition ?? NoEntry(key), ("kernelMapId", _map.MapId)));

        var target = Ask(element.Ifindex);
        if (target is { Kind: "veth", LinkIfindex: { } peer, LinkNetnsId: null })
            Ask(peer);
        var program = state.Programs.Values.FirstOrDefault(p => p.Loaded.ProgramId == element.EgressProgramId);
        var actions = _map.ReadActions(key);
        condition ??= StatusEvaluator.Unmanaged(devmap, key, element, shared.Facts);
        var step = Tell(
            condition,
            ("kernelMapId", _map.MapId), ("interface", target?.Name), ("ifindex", element.Ifindex),
            ("egressProgram", program?.Record.Name), ("egressProgramId", element.EgressProgramId == 0 ? null : element.EgressProgramId),
            ("actions", actions is null ? null : ActionRules.Describe(actions)));
        if (actions is not null && Apply(actions) is { } stopped)
            return stopped;
        if (target is null)
            return Ends(ExplainOutcome.Dropped, step);
        if (program is null && element.EgressProgramId != 0)
            return Ends(ExplainOutcome.Unknown, step);
        var entry = condition.Holds ? wanted! : Imagined(wanted, key, target, program, actions);
        return JudgeDelivery(entry, element, target, program);
    }

    /// <summary>Do the actions of the entry let it go on? They are applied before the frame is redirected.</summary>
    private ExplainVerdict? Apply(EntryActions actions)
    {
        var result = kernel.Actions.DryRun(actions, _frame);
        var applied = result.Outcome == ActionOutcome.Applied;
        var step = Tell(
            RunOf(result.Outcome, actions),
            ("actions", ActionRules.Describe(actions)), ("bytesIn", _frame.Length), ("bytesOut", applied ? result.Frame.Length : null),
            ("vlan", applied ? TestFrame.VlanOf(result.Frame.Span) : null), ("headers", applied ? TestFrame.HeadersOf(result.Frame.Span) : null));
        if (result.Outcome == ActionOutcome.Failed)
            return Ends(ExplainOutcome.Dropped, step);
        if (result.Outcome == ActionOutcome.Expired)
            return Ends(ExplainOutcome.Passed, step, "The frame goes to the host's network stack. ");
        _acted = result.Frame;
        return null;
    }

    private static Condition RunOf(ActionOutcome outcome, EntryActions actions)
    {
        var type = ConditionTypes.ActionsRun;
        return outcome switch
        {
            ActionOutcome.Applied => type.True("Applied", "The actions of the entry are applied to the frame."),
            ActionOutcome.Expired => type.False("Expired", "The time to live of the packet runs out by the action decrementTtl."),
            _ when (ActionRules.EffectsOf(actions) & ActionEffects.NeedTag) != 0 => type.False(
                "ActionFailed", $"An action of the entry cannot be applied to the frame, which is dropped: {ActionRules.Describe(actions)}.", CommonRemedies.ActionsForFrame()),
            _ => type.False("ActionFailed", $"An action of the entry cannot be applied to the frame, which is dropped: {ActionRules.Describe(actions)}."),
        };
    }

    /// <summary>Is it this devmap that the redirect program looks the key up in?</summary>
    private ExplainVerdict? JudgeSlot()
    {
        var (active, ours) = (_map.ReadActiveMapId(), _map.MapId);
        if (active == ours)
            return null;
        var (reason, where) = active == 0 ? ("SlotEmpty", "no map") : ("OtherMap", $"another map (id {active})");
        var step = Tell(
            ConditionTypes.DevmapActive.False(
                reason, $"Somebody else has the redirect program of '{Definition.Name}' look keys up in {where}.", CommonRemedies.Audit(Definition.Name)),
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
        EgressVerdict? run = program is null ? null : kernel.Programs.DryRun(program.Loaded.Config, Acted);
        var left = run is { Action: XdpAction.Pass } passed ? passed.Frame : Acted;
        var facts = _evaluator.Ingress(question.Ingress ?? "").Facts;
        var beside = TargetConditions.TagRidesBeside(target, facts) && TestFrame.VlanOf(left.Span) != 0 ? EthernetHeader.TagBytes : 0;
        var judged = new JudgedFrame(question.Ingress, question.Length is null ? null : (Acted.Length, left.Length - beside));
        ExplainStep? fault = null, unknown = null;
        var evaluator = Evaluator(state, devmap, shared, interfaces, drops, judged);
        var proof = evaluator.ProofOf(entry, element);
        foreach (var condition in evaluator.Judge(entry, element).Conditions)
        {
            // The dry run has said what becomes of this frame.
            if (condition.Type == ConditionTypes.InKernel || condition.Type == ConditionTypes.ActionsApply || !condition.Type.Decides)
                continue;
            var step = Tell(condition, Evidence(condition.Type, target, facts, program));
            fault ??= step.Status == ConditionStatus.False ? step : null;
            unknown ??= step.Status == ConditionStatus.Unknown && !evaluator.IsSettled(proof, entry.Record.Key, condition) ? step : null;
        }

        var last = Tell(RunOf(program, run), ("egressProgram", program?.Record.Name), ("action", run?.Action), ("bytesIn", Acted.Length), ("bytesOut", run is null ? null : left.Length));
        fault ??= last.Holds ? null : last;
        if (fault is not null)
            return Ends(fault.Type == ConditionTypes.EgressProgramAgrees ? ExplainOutcome.Unknown : ExplainOutcome.Dropped, fault);
        if (facts.TcxAttachment is { } tcx)
            Tell(EgressPath.Of(_map.ReadPeerUse(_key!.Value), target), ("ingress", tcx.Interface), ("peerIfindex", target.LinkIfindex));
        return unknown is not null ? Ends(ExplainOutcome.Unknown, unknown) : Leaves(target, left.Span);
    }

    private ExplainVerdict Leaves(InterfaceInfo target, ReadOnlySpan<byte> frame)
    {
        // A tag that rides beside the frame is the outer one.
        var (vlan, bytes) = _tag == BesideFate.Hidden ? (question.Vlan, frame.Length + EthernetHeader.TagBytes) : (TestFrame.VlanOf(frame), frame.Length);
        var (source, destination) = TestFrame.NewMacs(_frame, frame);
        var macs = (source is null ? "" : $", from {source}") + (destination is null ? "" : $", to {destination}");
        return new ExplainVerdict(
            ExplainOutcome.Leaves,
            "Forwarded",
            $"The frame leaves by '{target.Name}' with {bytes} bytes, {(vlan == 0 ? "untagged" : $"in VLAN {vlan}")}{macs}.",
            Leaving: new LeavingFrame(target.Name, bytes, vlan, source, destination));
    }

    private static Condition RunOf(PlacedProgram? program, EgressVerdict? run)
    {
        var type = ConditionTypes.EgressProgramRun;
        if (program is null || run is not { } verdict)
            return type.True("NoEgressProgram", "The entry has no egress program; the frame leaves as it was redirected.");
        var name = program.Record.Name;
        return verdict.Action == XdpAction.Pass
            ? type.True("Passes", $"The egress program '{name}' ({program.Loaded.Config.Template.Name}) lets the frame leave.")
            : type.False("Drops", $"The egress program '{name}' ({program.Loaded.Config.Template.Name}) drops the frame.", CommonRemedies.OtherProgram());
    }

    private (string, object?)[] Evidence(ConditionType type, InterfaceInfo target, IngressFacts facts, PlacedProgram? program)
    {
        if (type == ConditionTypes.CarriesEthernet)
            return [("interface", target.Name), ("kind", target.Kind)];
        if (type == ConditionTypes.InterfaceUp)
            return [("interface", target.Name), ("ifindex", target.Ifindex)];
        if (type == ConditionTypes.CarrierPresent)
            return [("kind", target.Kind), ("peer", interfaces.PeerOf(target)?.Name)];
        if (type == ConditionTypes.TargetAcceptsRedirect)
            return [("mode", facts.Native ? "native" : "generic"), ("xdpFeatures", target.XdpFeatures)];
        if (type == ConditionTypes.MtuSufficient)
            return [("mtu", target.Mtu), ("peerMtu", interfaces.PeerOf(target)?.Mtu ?? target.PeerMtu), .. MtuEvidence(facts)];
        if (type == ConditionTypes.IngressKeepsFrames)
            return [("checksums", facts.Checksums?.Interface.Name), ("segments", facts.Segments?.Interface.Name)];
        if (type == ConditionTypes.EgressProgramApplies || type == ConditionTypes.EgressProgramAgrees || type == ConditionTypes.EgressProgramFits || type == ConditionTypes.EgressProgramPasses)
            return [("egressProgram", program?.Record.Name), ("egressProgramId", program?.Loaded.ProgramId)];
        if (type == ConditionTypes.Proven)
            return [("interface", target.Name), ("ifindex", target.Ifindex)];
        throw new InvalidOperationException($"nothing is known of the evidence for {type}");
    }

    private (string, object?)[] MtuEvidence(IngressFacts facts) =>
        question.Length is null ? [("ingress", facts.Widest?.Name), ("ingressMtu", facts.Widest?.Mtu)] : [("bytes", Acted.Length)];

    /// <summary>The desired state if the kernel were right: the judgement then is about the target that the frame really goes to.</summary>
    private PlacedEntry Imagined(PlacedEntry? wanted, uint key, InterfaceInfo target, PlacedProgram? program, EntryActions? actions)
    {
        var record = wanted?.Record ?? new EntryRecord(
            Definition.Name, _evaluator.KeyOf(key), new EntrySpec(target.Name), 0, default, default);
        return new PlacedEntry(record with { Spec = record.Spec with { Interface = target.Name, EgressProgram = program?.Record.Name, Actions = actions } }, key);
    }

    private Condition NoEntry(uint key)
    {
        var text = Definition.Spec.KeySelector.Format(_evaluator.KeyOf(key));
        return ConditionTypes.InKernel.False(
            "NoEntry", $"The devmap has no entry for the key '{text}'.", CommonRemedies.PutEntry(Definition.Name, text, Candidates.Target(interfaces, question.Ingress)));
    }
}
