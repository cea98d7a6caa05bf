using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Sends real frames to an entry. On the writer's thread, so that no write changes the entry, its target or its attachment meanwhile; other
/// writes wait for no more than the frames, which take about a millisecond.
/// </summary>
internal sealed class ProbeEntryCommand(DevmapId id, EntryKey askedKey, int frames, ILiveFrameRun run, ControlPlaneState shared) : WriterCommand<ProbeOutcome>
{
    // The id of a tag that nothing asks for.
    private const uint AnyVlan = 1;

    private PlacedEntry _entry = null!; // Plan sets it
    private Condition? _obstacle;
    private Subject? _subject;

    public override WritePlan Plan(PlanContext context)
    {
        var devmap = context.Devmap(id);
        _entry = context.Find(devmap, askedKey) ?? throw new ControlPlaneException(EntryErrors.NotFound(id.Name, devmap.KeyText(askedKey)));
        (_obstacle, _subject) = (null, null);
        var selector = devmap.Definition.Spec.KeySelector;
        if (selector.Unreachable(id.Name, _entry.Record.Key, context.Interfaces, _entry.Record.Spec.Owner) is { } unreachable)
            _obstacle = Unsent(unreachable.Reason, unreachable.Message, unreachable.Remedy);
        else if (_entry.KernelKey is not { } || Convergence.ElementOf(context, _entry.Record) is not { } element)
            _obstacle = Unsent("NotInKernel", "the entry is not in the kernel, because an interface does not exist or the kernel refused the entry");
        else
            Prepare(context, devmap, element);
        var (spec, ingress) = (_entry.Record.Spec, _subject?.Link.Interface);
        var footprint = new Footprint
        {
            Uses =
            [
                new FootprintUse(FootprintKey.Entry(new EntryId(id, _entry.Record.Key))),
                new FootprintUse(FootprintKey.Target(spec.Interface), spec.EgressProgram),
                .. spec.EgressProgram is { } program ? [new FootprintUse(FootprintKey.Program(program))] : Array.Empty<FootprintUse>(),
                .. ingress is null ? [] : new[] { new FootprintUse(FootprintKey.Ingress(ingress)) },
            ],
        };
        return new WritePlan(footprint, [new Placement.OfProbe(null, StepsOf(_subject))], context.PlannedRevision);
    }

    protected override ProbeOutcome Answer(PlanContext context, Outcome outcome)
    {
        if (_subject is not { } subject)
            return new ProbeOutcome(_entry, _obstacle!);
        if (((Placement.OfProbe)outcome.Placements[0]).Sent is not { } sent)
            return new ProbeOutcome(_entry, NotThere());
        var (devmap, now) = (context.Devmap(id), context.Now);
        var program = _entry.Record.Spec.EgressProgram;
        var drops = program is not null && context.State.Programs.GetValueOrDefault(program)?.Loaded.Config.Template is { DropsAll: true };
        var verdict = new ProbeVerdict(subject.Target, subject.Peer, program, drops, subject.Link.Interface, frames, subject.Frame.Length);
        var condition = verdict.Judge(sent.Fates, sent.Hits) with { LastTransitionTime = now };
        shared.Proofs.Count(id, frames);
        var proof = condition.Status == ConditionStatus.Unknown ? null : new Proof(
            subject.Id, _entry.Record, subject.Element, subject.Target, subject.Peer, subject.Link, subject.Frame.Length, condition, now + Proofs.Lifetime);
        if (proof is not null)
        {
            shared.Proofs.Add(proof);
            context.StatusChanged(devmap, _entry.Record.Spec.Interface, 1);
        }

        return new ProbeOutcome(_entry, condition)
        {
            Ingress = subject.Link.Interface,
            Frames = frames,
            FrameBytes = subject.Frame.Length,
            Sent = Math.Min(sent.Fates.Sent, (ulong)frames),
            Drops = verdict.Drops(sent.Fates, now),
            Proof = proof,
        };
    }

    private List<KernelStep> StepsOf(Subject? subject) => subject is null
        ? []
        : [new KernelStep.SendFrames(
            subject.Id, subject.Element, subject.Actions, new LiveFrameOrder(id.Name, subject.Id.KernelKey, subject.Link, subject.Element.Ifindex, subject.Frame, frames), run)];

    private void Prepare(PlanContext context, WorkingDevmap devmap, KernelEntry element)
    {
        var (map, interfaces, key) = (context.Kernel(id), context.Interfaces, _entry.Record.Key);
        var facts = devmap.Definition.Spec.KeySelector.FactsOf(key, interfaces);
        var links = map.Links(devmap.Attachments, interfaces, facts.Ingress);
        var link = links.FirstOrDefault(l => l.Link.Mode == AttachMode.Native).Link ?? throw NotNative(devmap, facts.Ingress, links);
        if (!map.TryLookup(_entry.KernelKey!.Value, out var found) || found != element || map.ReadActions(_entry.KernelKey.Value) != Convergence.ActionsOf(context, _entry.Record) || !map.IsActive())
        {
            _obstacle = NotThere();
            return;
        }

        if (interfaces.Find(link.Ifindex) is { IsUp: false } down)
        {
            _obstacle = Unsent("IngressDown", $"'{down.Name}' is administratively down", CommonRemedies.SetUp(down.Name));
            return;
        }

        var target = interfaces.Find(element.Ifindex)!;
        var frame = Build(facts, target, Convergence.ActionsOf(context, _entry.Record), IngressFacts.Of(devmap.Definition.Spec, links, interfaces));
        _subject = new Subject(new ElementId(id, _entry.KernelKey!.Value), element, target, interfaces.PeerOf(target), link, frame, Convergence.ActionsOf(context, _entry.Record));
    }

    // As long as the longest that arrive, so that the proof holds for these too. A veth has no wire, so there an untagged frame can be as long as a tagged one.
    // Actions that need a tag get one.
    private static byte[] Build(FrameFacts facts, InterfaceInfo target, EntryActions? actions, IngressFacts ingress)
    {
        if (facts.Vlan is null && (ActionRules.EffectsOf(actions) & ActionEffects.NeedTag) != 0)
            facts = facts with { Vlan = AnyVlan };
        var tag = facts.Vlan > 0 ? EthernetHeader.TagBytes : 0;
        var padding = target.Kind == "veth" ? EthernetHeader.TagBytes - tag : 0;
        var longest = ILiveFrames.MaxBytes - EthernetHeader.Bytes - EthernetHeader.TagBytes;
        var length = (int)Math.Clamp(ingress.Widest?.Mtu ?? TestFrame.ShortLength, (uint)TestFrame.ShortLength, (uint)longest);
        return TestFrame.BuildForWire(facts, target.Mac, length, padding, actions is { DecrementTtl: true });
    }

    private ControlPlaneException NotNative(WorkingDevmap devmap, string? ingress, IReadOnlyList<LiveLink> others) => new(ProbeErrors.NotNative(
        id.Name, devmap.KeyText(_entry.Record.Key), ingress, others.Count > 0 ? (others[0].Attachment.ToWrite(), others[0].Link.Mode.ToText()) : null));

    private Condition NotThere() => Unsent(
        "NotInKernel", "the kernel's map does not have the entry as desired, or the redirect program uses another map", CommonRemedies.Audit(id.Name));

    private static Condition Unsent(string reason, string why, Remedy? remedy = null) =>
        ConditionTypes.Proven.Unknown(reason, $"No frame was sent: {why.TrimEnd('.')}.", remedy);

    private sealed record Subject(ElementId Id, KernelEntry Element, InterfaceInfo Target, InterfaceInfo? Peer, DevmapLink Link, byte[] Frame, EntryActions? Actions);
}

/// <summary>The outcome of a probe.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Proven">The verdict.</param>
internal sealed record ProbeOutcome(PlacedEntry Entry, Condition Proven)
{
    /// <summary>The interface whose redirect program ran; null if no frame was sent.</summary>
    public string? Ingress { get; init; }

    /// <summary>How many frames were sent.</summary>
    public int Frames { get; init; }

    /// <summary>The length of each.</summary>
    public int FrameBytes { get; init; }

    /// <summary>The frames that the target's driver took.</summary>
    public ulong Sent { get; init; }

    /// <summary>The frames that were dropped, by cause.</summary>
    public IReadOnlyList<DropCount> Drops { get; init; } = [];

    /// <summary>The proof that the entry has now; null if nothing was proven.</summary>
    public Proof? Proof { get; init; }
}

/// <summary>Ends a proof whose time is over, and tells watchers.</summary>
internal sealed class LapseProofCommand(Proof proof, ControlPlaneState shared) : WriterCommand<bool>
{
    public override WritePlan? Plan(PlanContext context) => new(new Footprint(), [], context.PlannedRevision);

    protected override bool Answer(PlanContext context, Outcome outcome)
    {
        if (!shared.Proofs.Remove(proof) || context.State.Find(proof.Id.Devmap) is not { } devmap)
            return false;
        context.StatusChanged(devmap, proof.Record.Spec.Interface, 1);
        return true;
    }
}
