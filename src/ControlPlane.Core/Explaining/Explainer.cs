using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Explaining;

/// <summary>Follows one frame from its ingress to its end; each part of the way gives the final word, or null to go on. One instance per answer.</summary>
internal sealed partial class Explainer(
    Snapshot state, DevmapState devmap, ControlPlaneState shared, IKernel kernel, InterfaceTable interfaces, DropReader drops, FrameQuestion question)
{
    private readonly IDevmap _map = shared.Handles[devmap.Id];
    private readonly List<ExplainStep> _steps = [];
    private readonly StatusEvaluator _evaluator = Evaluator(state, devmap, shared, interfaces, drops, new JudgedFrame(question.Ingress));

    // The frame as it arrives.
    private readonly byte[] _arriving = TestFrame.Build(
        question.Ingress is { } ingress ? interfaces.Find(ingress)?.Mac : null,
        question.Vlan, question.Destination, question.Length ?? TestFrame.ShortLength, question.Ttl);

    // The frame under judgement: as the redirect program sees it.
    private byte[] _frame = [];

    // The frame after the actions of the entry; null if there are none.
    private ReadOnlyMemory<byte>? _acted;

    // The fate of the frame's tag, and the step that says so; null if the tag is part of the frame.
    private BesideFate _tag;
    private ExplainStep? _tagStep;

    private uint? _key;

    private ReadOnlyMemory<byte> Acted => _acted ?? _frame;

    private ushort SeenVlan => _tag > BesideFate.Unseen ? (ushort)0 : question.Vlan;

    private InterfaceInfo? Ingress => question.Ingress is { } name ? interfaces.Find(name) : null;

    private DevmapRecord Definition => devmap.Definition;

    public Explanation Explain()
    {
        var verdict = JudgeReceipt() ?? JudgeAttachment() ?? JudgeKey() ?? JudgeElement();
        if (_tagStep is { } step)
            verdict = WithTag(verdict, step);
        var key = question.Key ?? (_key is { } number ? devmap.Entries.Find(number)?.Record.Key ?? _evaluator.KeyOf(number) : null);
        return new Explanation(
            Definition.Name,
            key is { } known ? Definition.Spec.KeySelector.Format(known) : null,
            _key ?? question.Asked?.KernelKey,
            new ExplainedFrame(question.Ingress, question.Vlan, question.Destination is { } destination ? Ipv4Address.Format(destination) : null, question.Length, _arriving.Length),
            _steps,
            verdict);
    }

    // The verdicts on one frame are not those on all: they are shared with no other answer.
    private static StatusEvaluator Evaluator(
        Snapshot state, DevmapState devmap, ControlPlaneState shared, InterfaceTable interfaces, DropReader drops, JudgedFrame frame) =>
        new(state, devmap, shared.Handles[devmap.Id], interfaces, drops, shared.Facts, shared.Proofs, new(SharedFacts.Of(state, devmap, interfaces)), frame);

    /// <summary>Can such a frame come in at all?</summary>
    private ExplainVerdict? JudgeReceipt()
    {
        if (question.Key is { } key && Definition.Spec.KeySelector.Unreachable(Definition.Name, key, interfaces, devmap.Find(key)?.Record.Spec.Owner) is { } unreachable)
            return Ends(ExplainOutcome.NotReceived, Tell(unreachable, ("key", key.Number)));
        if (question.Ingress is not { } name)
            return null;
        if (Ingress is not { } info)
        {
            return Ends(ExplainOutcome.NotReceived, Tell(ConditionTypes.IngressReceives.False(
                "NoSuchInterface", $"There is no interface '{name}', so no frame arrives on it.", CommonRemedies.CreateInterface(name))));
        }

        var condition = Receives(info);
        var step = Tell(condition, ("interface", info.Name), ("ifindex", info.Ifindex), ("mtu", info.Mtu), ("bytes", _arriving.Length));
        return condition.Holds ? null : Ends(ExplainOutcome.NotReceived, step);
    }

    private Condition Receives(InterfaceInfo info)
    {
        var type = ConditionTypes.IngressReceives;
        if (!info.IsUp)
            return type.False("AdministrativelyDown", $"'{info.Name}' is administratively down, so no frame arrives on it.", CommonRemedies.SetUp(info.Name));
        if (!info.HasCarrier)
            return type.False("NoCarrier", $"'{info.Name}' has no carrier, so no frame arrives on it.", CommonRemedies.CheckIngressCable());
        // Other drivers may take longer frames than their MTU says.
        if (info.Kind == "veth" && _arriving.Length > TargetConditions.LongestFrame(info, info.Mtu))
        {
            return type.False(
                "FrameTooLong",
                $"The frame has {_arriving.Length} bytes, but '{info.Name}' with its MTU of {info.Mtu} receives {TargetConditions.LongestFrame(info, info.Mtu)}.",
                TargetConditions.Takes(info.MaxMtu, _arriving.Length - EthernetHeader.Bytes)
                    ? CommonRemedies.SetMtu(info.Name, _arriving.Length - EthernetHeader.Bytes)
                    : CommonRemedies.ShorterFrames(info.Name, info.MaxMtu));
        }

        return type.True("Receives", $"'{info.Name}' is up, and such a frame can arrive on it.");
    }

    /// <summary>Does the redirect program see it?</summary>
    private ExplainVerdict? JudgeAttachment()
    {
        var condition = _evaluator.Ingress(question.Ingress ?? "").Condition;
        string[] attached =
        [
            .. _map.Links(devmap.Attachments, interfaces, question.Ingress).Select(l => $"{l.Attachment.Interface} {l.Link.Mode.ToText()}"),
        ];
        List<(string, object?)> evidence =
        [
            ("redirectProgramId", _map.RedirectProgramId),
            ("attachments", attached.Length == 0 ? null : string.Join(", ", attached)),
        ];
        if (question.Ingress is null && attached.Length > 1)
            condition = condition with { Message = $"The redirect program runs on {attached.Length} interfaces; what follows holds for the strictest of them, and ingress asks about one." };
        if (Ingress is { } info && !(info.XdpProgramId is { } running && _map.ProgramIds.Contains(running)) && !RunsInTcx(info))
        {
            evidence.Add(("xdpProgramId", info.XdpProgramId));
            condition = WithoutUs(info, condition);
        }

        var step = Tell(condition, [.. evidence]);
        if (condition.Holds)
            return null;
        return condition.Reason is "OtherDevmap" or "OtherProgram"
            ? Ends(ExplainOutcome.Unknown, step)
            : Ends(ExplainOutcome.Passed, step, "The frame goes to the host's network stack. ");
    }

    // In tcx mode another XDP program may run on the interface as well.
    private bool RunsInTcx(InterfaceInfo info) => _map.Links(devmap.Attachments, interfaces, info.Name).Any(l => l.Link.Mode == AttachMode.Tcx);

    private Condition WithoutUs(InterfaceInfo info, Condition condition)
    {
        var type = ConditionTypes.IngressAttached;
        if (info.XdpProgramId is not { } program)
        {
            return condition.Holds
                ? AttachmentEvaluator.Detached(type, Definition.Name, info)
                : condition;
        }

        if (state.PassPrograms.GetValueOrDefault(info.Name)?.Program?.ProgramId == program)
        {
            return type.False(
                "PassProgram",
                $"On '{info.Name}' runs the program that passes every frame, so that entries can send to {(interfaces.PeerOf(info) is { } peer ? $"'{peer.Name}'" : "it")}.",
                condition.Remedy);
        }

        return shared.Handles.OfRedirectProgram(program) is { } other
            ? type.False(
                "OtherDevmap",
                $"On '{info.Name}' runs the redirect program of the devmap '{other.Name}', which decides on its frames.",
                CommonRemedies.AskOtherDevmap(other.Name, info.Name))
            : type.False(
                "OtherProgram",
                $"On '{info.Name}' runs an XDP program that is none of the devmaps' (id {program}); what it does with the frame is not known.",
                CommonRemedies.ShowProgram(program));
    }

    /// <summary>Which key has it? As <c>bpf/redirect.bpf.c</c> finds it, in what it sees of the frame.</summary>
    private ExplainVerdict? JudgeKey()
    {
        FollowTag();
        (var condition, _key) = Definition.Spec.KeySelector.Select(new FrameFacts(question.Ingress, SeenVlan, question.Destination), interfaces);
        var step = Tell(condition, ("selector", Definition.Spec.KeySelector.Name), ("kernelKey", _key));
        return condition.Holds ? null : Misses(step);
    }

    // A sender's tag may ride beside the frame, where the program does not see it.
    private void FollowTag()
    {
        _frame = _arriving;
        if (question.Vlan == 0 || _evaluator.Ingress(question.Ingress ?? "").Facts.Tags is not { } way || BesideConditions.OfTag(way) is not { } condition)
            return;
        _tag = way.Beside.Tags;
        _tagStep = Tell(condition, ("interface", way.Interface.Name), ("mode", way.Mode.ToText()), ("vlan", question.Vlan));
        if (_tag > BesideFate.Unseen)
            _frame = TestFrame.Build(Ingress?.Mac, 0, question.Destination, question.Length ?? TestFrame.ShortLength, question.Ttl);
    }

    private ExplainVerdict WithTag(ExplainVerdict verdict, ExplainStep step) => (verdict.Outcome, _tag) switch
    {
        (ExplainOutcome.Leaves, BesideFate.Unseen) => Ends(ExplainOutcome.Unknown, step),
        (ExplainOutcome.Leaves, BesideFate.Hidden) => verdict,
        (ExplainOutcome.Leaves, _) => verdict with { Reason = step.Reason, Message = $"{verdict.Message} {step.Message}", Remedy = step.Remedy },
        // Without its tag, the frame has another key.
        _ when _tag > BesideFate.Unseen && Definition.Spec.KeySelector.ReadsTag => verdict with { Reason = step.Reason, Message = $"{verdict.Message} {step.Message}", Remedy = step.Remedy },
        _ => verdict,
    };

    /// <summary>The end of a frame for which the kernel has no entry.</summary>
    private ExplainVerdict Misses(ExplainStep step)
    {
        step = _steps[^1] = step with { Evidence = [.. step.Evidence, ("missAction", Camel(Definition.Spec.MissAction.ToString()))] };
        return Definition.Spec.MissAction == MissAction.Pass
            ? Ends(ExplainOutcome.Passed, step, "The frame goes to the host's network stack, the devmap's miss action. ")
            : Ends(ExplainOutcome.Dropped, step, "The frame is dropped, the devmap's miss action. ");
    }

    private ExplainStep Tell(Condition condition, params ReadOnlySpan<(string Name, object? Value)> evidence)
    {
        var texts = new List<(string, string)>();
        foreach (var (name, value) in evidence)
        {
            if (value is not null)
                texts.Add((name, Convert.ToString(value, CultureInfo.InvariantCulture)!));
        }

        var step = new ExplainStep(condition, texts);
        _steps.Add(step);
        return step;
    }

    private static ExplainVerdict Ends(ExplainOutcome outcome, ExplainStep step, string before = "") =>
        new(outcome, step.Reason, before + step.Message, step.Remedy);

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
