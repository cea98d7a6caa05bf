using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>
/// Derives what is true of entries of one devmap: one instance per answer. The facts of an interface are worded once, however many
/// entries share them; links are read once per answer.
/// </summary>
internal sealed class StatusEvaluator(
    Snapshot state,
    DevmapState devmap,
    IDevmapReader map,
    InterfaceTable interfaces,
    DropReader drops,
    FactTimes times,
    Proofs proofs,
    SharedVerdicts shared,
    JudgedFrame? frame = null)
{
    private static readonly Condition _asDesired = ConditionTypes.InKernel.True("AsDesired", "The kernel has the entry as desired.");

    private static readonly Condition _attached = ConditionTypes.IngressAttached.True(
        "Attached", "The redirect program runs where frames with this key arrive.");

    private static readonly Condition _awaitsStart = ConditionTypes.InKernel.False(
        "BeingWritten", "The daemon has just started, and the kernel's map does not have the entry as desired yet.", CommonRemedies.AwaitStart());

    private static readonly Condition _awaitsTable = ConditionTypes.InKernel.False(
        "BeingWritten", "Many entries of the devmap change, and the kernel's map does not have the entry as desired yet.", CommonRemedies.AwaitTable());

    private readonly KeySelector _selector = devmap.Definition.Spec.KeySelector;

    // Those whose links this answer has read: one, for most answers.
    private (string Name, IngressVerdicts Verdicts)? _ingress;
    private Dictionary<string, IngressVerdicts>? _ingresses;

    private Condition _inKernel = _asDesired;

    // Why the kernel need not have an entry as desired yet.
    private Condition? BeingWritten => state.IsRestoring ? _awaitsStart : devmap.Open is null ? null : _awaitsTable;

    // Repairs an element that others changed.
    private Remedy Audit => CommonRemedies.Audit(devmap.Definition.Name);

    /// <summary>The entry as the API shows it in the basic view: without counters, drops and conditions.</summary>
    public Entry BasicView(PlacedEntry entry) => View(entry, basic: true);

    /// <summary>The entry as the API shows it.</summary>
    public Entry View(PlacedEntry entry) => View(entry, basic: false);

    /// <summary>Returns the spec with the interface's own name, although it may be stored under an alternative name.</summary>
    public EntrySpec Named(EntrySpec spec) =>
        interfaces.Canonical(spec.Interface) is var name && name == spec.Interface ? spec : spec with { Interface = name };

    private EntryKey Named(EntryKey key) => key.InterfaceName is { } name ? EntryKey.OfInterface(interfaces.Canonical(name)) : key;

    private Entry View(PlacedEntry entry, bool basic)
    {
        var record = entry.Record;
        KernelEntry element = default;
        var inKernel = entry.KernelKey is { } key && map.TryLookup(key, out element);
        var target = ResolvedTarget.Of(record.Spec, interfaces);
        var (state, conditions) = Judge(entry, inKernel ? element : null);
        var (packets, bytes) = !basic && entry.KernelKey is { } counted ? map.ReadCounters(counted) : default;
        return new Entry(
            record.Devmap,
            _selector.Format(Named(record.Key)),
            record.Revision,
            record.CreateTime,
            record.UpdateTime,
            Named(record.Spec),
            new EntryStatus(
                state,
                entry.KernelKey,
                inKernel ? element.Ifindex : null,
                !basic && target is { IsVlan: true } ? target.Value.Device.Name : null,
                !basic && target is { IsVlan: true } ? target.Value.Actions : null,
                !basic && inKernel && element.EgressProgramId != 0 ? element.EgressProgramId : null,
                basic ? null : packets,
                basic ? null : bytes,
                basic ? null : entry.KernelKey is { } expired ? drops.ExpiredOf(map, expired) : 0,
                !basic && entry.KernelKey is { } dropped ? drops.OfEntry(devmap, map, dropped, target?.Device.Ifindex) : [],
                basic ? [] : conditions));
    }

    /// <summary>Returns the text form of a key, with the interface's own name.</summary>
    public string KeyText(EntryKey key) => _selector.Format(Named(key));

    /// <summary>The verdict on an entry as the kernel has it now.</summary>
    public Verdict Judge(PlacedEntry entry) => Judge(entry, entry.KernelKey is { } key && map.TryLookup(key, out var element) ? element : null);

    /// <summary>The verdict on an entry that the kernel has as desired.</summary>
    public Verdict JudgePlanned(PlacedEntry entry) => Judge(
        entry,
        entry.KernelKey is not null && interfaces.Find(entry.Record.Spec.Interface) is { } target
            ? new KernelEntry(target.Ifindex, state.ProgramId(entry.Record.Spec.EgressProgram))
            : null);

    /// <summary>The verdict on an entry of which the kernel has this element, or none. The first condition is about that.</summary>
    public Verdict Judge(PlacedEntry entry, KernelEntry? element)
    {
        var record = entry.Record;
        var (state, conditions) = JudgeDelivery(entry, element, ResolvedTarget.Of(record.Spec, interfaces));
        if (ProofOf(entry, element) is { } proof)
            (state, conditions) = (StateWith(proof, conditions), [.. conditions, proof.Condition]);
        return _selector.Unreachable(devmap.Definition.Name, record.Key, interfaces, record.Spec.Owner) is { } unreachable
            ? new(state, [.. conditions, unreachable with { LastTransitionTime = _selector.KeyIsIfindex ? times.Freed(record.Key.Number) : times.Start }])
            : new(state, conditions);
    }

    /// <summary>Returns the proof that a probe gave of an entry that is in the kernel as desired; null if there is none.</summary>
    public Proof? ProofOf(PlacedEntry entry, KernelEntry? element) =>
        !proofs.IsEmpty && element is { } there && entry is { KernelKey: { } key, Failure: null }
            ? proofs.Find(new ElementId(devmap.Id, key), entry, there, interfaces, map)
            : null;

    /// <summary>Returns whether a proof says what a condition of the entry cannot.</summary>
    public bool IsSettled(Proof? proof, EntryKey key, Condition condition) =>
        proof?.Settles(condition, frame?.Lengths?.Out ?? ProbeVerdict.LongestFrame(Ingress(IngressOf(key)).Facts)) == true;

    // A probe fills in what cannot be seen. It changes nothing that is seen to be wrong.
    private EntryState StateWith(Proof proof, IReadOnlyList<Condition> conditions) => !proof.Condition.Holds
        ? EntryState.Undeliverable
        : StateOf(conditions.Where(c => c.Type.Decides && !IsSettled(proof, proof.Record.Key, c)));

    /// <summary>Returns an element that nobody desires as the API shows it: without spec, revision and times.</summary>
    /// <param name="kernelKey">The key in the kernel's map.</param>
    /// <param name="element">The element.</param>
    /// <param name="basic">Whether to leave out counters, drops and conditions.</param>
    public Entry UnmanagedView(uint kernelKey, KernelEntry element, bool basic)
    {
        var key = KeyOf(kernelKey);
        var (packets, bytes) = basic ? default : map.ReadCounters(kernelKey);
        return new Entry(
            devmap.Definition.Name,
            _selector.Format(key),
            Revision: null,
            CreateTime: null,
            UpdateTime: null,
            Spec: null,
            new EntryStatus(
                EntryState.Unmanaged,
                kernelKey,
                element.Ifindex,
                null,
                null,
                !basic && element.EgressProgramId != 0 ? element.EgressProgramId : null,
                basic ? null : packets,
                basic ? null : bytes,
                basic ? null : drops.ExpiredOf(map, kernelKey),
                basic ? [] : drops.OfEntry(devmap, map, kernelKey, element.Ifindex),
                basic ? [] : [Unmanaged(devmap, kernelKey, element, times), Ingress(IngressOf(key)).Condition]));
    }

    /// <summary>Returns the canonical key of an entry that would have this kernel key.</summary>
    public EntryKey KeyOf(uint kernelKey) => _selector.Identify(kernelKey, interfaces);

    /// <summary>Returns the condition of an element that nobody desires.</summary>
    public static Condition Unmanaged(DevmapState devmap, uint kernelKey, KernelEntry element, FactTimes times) => ConditionTypes.InKernel.False(
        "NotDesired", "The kernel's map has an element for the key that nobody asked the daemon for.", CommonRemedies.Audit(devmap.Definition.Name))
        with { LastTransitionTime = times.OfForeign(new ElementId(devmap.Id, kernelKey), element) };

    private Verdict JudgeDelivery(PlacedEntry entry, KernelEntry? element, ResolvedTarget? resolved)
    {
        var record = entry.Record;
        var ingress = Ingress(IngressOf(record.Key)).Condition;
        if (entry.Failure is { } failure)
            return new(EntryState.Failed, [Failed(entry, failure), ingress]);
        if (entry.KernelKey is not { } key)
            return new(EntryState.Pending, [Absent(ConditionTypes.KeyInterfacePresent, record.Key.InterfaceName!), ingress]);
        if (resolved is null && element is null)
            return new(EntryState.Pending, [Absent(ConditionTypes.InterfacePresent, record.Spec.Interface), ingress]);
        if (element is not { } there)
            return new(EntryState.Pending, [Foreign(key, element, BeingWritten ?? Missing()), ingress]);
        if (resolved is not { } target)
            return new(EntryState.Undeliverable, [Absent(ConditionTypes.InterfacePresent, record.Spec.Interface), ingress]);
        if (Differs(record, key, there, target) is { } difference)
            return new(EntryState.Undeliverable, [Foreign(key, element, difference), ingress]);

        times.Settled(new ElementId(devmap.Id, key));
        return Target(target.Named, record.Spec.EgressProgram, IngressOf(record.Key), FrameTraits.Of(_selector, record)).Behind(InKernel(entry));
    }

    // Entries of one batch came into the kernel together.
    private Condition InKernel(PlacedEntry entry) => SeenAt(entry) is var since && _inKernel.LastTransitionTime == since
        ? _inKernel
        : _inKernel = _inKernel with { LastTransitionTime = since };

    private static Condition Failed(PlacedEntry entry, PlacementFailure failure) =>
        ConditionTypes.InKernel.False(failure.Reason, failure.Message, failure.Remedy) with { LastTransitionTime = SeenAt(entry) };

    private static DateTimeOffset SeenAt(PlacedEntry entry) => new(entry.Since, TimeSpan.Zero);

    // Others changed the element; the daemon sees it now, or saw it before.
    private Condition Foreign(uint kernelKey, KernelEntry? element, Condition condition) =>
        condition with { LastTransitionTime = times.OfForeign(new ElementId(devmap.Id, kernelKey), element) };

    /// <summary>
    /// Returns the verdict on entries that share all that their state depends on. Elements that others changed count as if they were as
    /// desired: only a look at each of them would tell.
    /// </summary>
    public Verdict Judge(EntryGroup group)
    {
        var ingress = Ingress(group.Ingress).Condition;
        if (group.Failure is { } reason)
            return new(EntryState.Failed, [ConditionTypes.InKernel.False(reason, ""), ingress]);
        if (!group.IsPlaced)
            return new(EntryState.Pending, [Absent(ConditionTypes.KeyInterfacePresent, group.Ingress), ingress]);
        return interfaces.Find(group.Interface) is { } target
            ? Target(target, group.Program, group.Ingress, group.Frames).Verdict
            : new(EntryState.Pending, [Absent(ConditionTypes.InterfacePresent, group.Interface), ingress]);
    }

    private static EntryState StateOf(IEnumerable<Condition> conditions)
    {
        var state = EntryState.Forwarding;
        foreach (var condition in conditions)
        {
            if (condition.Status == ConditionStatus.False)
                return EntryState.Undeliverable;
            if (condition.Status == ConditionStatus.Unknown)
                state = EntryState.Unverified;
        }

        return state;
    }

    private TargetVerdict Target(InterfaceInfo target, string? program, string ingressName, FrameTraits frames)
    {
        var ingress = Ingress(ingressName);
        var key = (target.Name, program, frames);
        return ingress.Targets.TryGetValue(key, out var known) ? known : ingress.Targets[key] = new(Judge(target, program, frames, ingress));
    }

    private Verdict Judge(InterfaceInfo target, string? program, FrameTraits frames, IngressVerdicts ingress)
    {
        var template = state.TemplateOf(program);
        var named = target;
        target = interfaces.DeviceOf(named);
        var isVlan = !ReferenceEquals(named, target);
        if (isVlan)
            frames = frames with { Actions = frames.Actions | ActionEffects.Some | ActionEffects.AddsTag };
        var growth = TagGrowth.Of(frames, template, TargetConditions.TagRidesBeside(target, ingress.Facts));
        var (peer, pass) = (interfaces.PeerOf(target), state.PassProgramFor(target, interfaces));
        List<Condition> conditions =
        [
            .. TransitionTimes.Stamp(
                TargetConditions.Of(target, peer, ingress.Facts, pass, growth, frame?.Lengths), times, target, peer, ingress.Facts.Widest, pass),
            .. EgressConditions.Faults(state, target, program, times, ingress.Facts),
        ];
        if (isVlan && !named.IsUp)
            conditions[conditions.FindIndex(c => c.Type == ConditionTypes.InterfaceUp)] = TargetConditions.VlanUp(named) with { LastTransitionTime = times.Of(named.Name, named).Up };
        if (ActionConditions.Of(frames) is { } actions)
            conditions.Add(actions);
        // Of one frame that is explained, the tag is followed on its way.
        var tagsCount = frame is null && (_selector.ReadsTag || template is { HandlesTags: true } || (frames.Actions & ActionEffects.HandleTags) != 0);
        if (BesideConditions.OfEntry(ingress.Facts, target, tagsCount, segmentsCount: frame?.Lengths is null) is { } beside)
            conditions.Add(beside with { LastTransitionTime = TransitionTimes.OfOffloads(times, ingress.Facts.Checksums, ingress.Facts.Segments, ingress.Facts.Tags) });
        return new(StateOf(conditions), [.. conditions, ingress.Condition]);
    }

    private Condition? Differs(EntryRecord record, uint kernelKey, KernelEntry element, ResolvedTarget resolved)
    {
        var (actions, target) = (map.ReadActions(kernelKey), resolved.Device);
        if (BeingWritten is { } reason)
            return element == new KernelEntry(target.Ifindex, state.ProgramId(record.Spec.EgressProgram)) && actions == resolved.Actions ? null : reason;
        if (element.Ifindex != target.Ifindex)
        {
            return ConditionTypes.InKernel.False(
                "OtherInterface",
                string.Create(CultureInfo.InvariantCulture, $"The kernel's entry points at ifindex {element.Ifindex}, but '{target.Name}' is {target.Ifindex}."),
                Audit);
        }

        var desired = state.ProgramId(record.Spec.EgressProgram);
        if (element.EgressProgramId == desired)
            return actions == resolved.Actions ? null : OtherActions(resolved.Actions, actions);
        return devmap.Entries.IsSwapping(record.Spec.Interface)
            ? ConditionTypes.InKernel.False(
                "BeingWritten",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"All entries for '{target.Name}' get another egress program; the kernel's entry still has {element.EgressProgramId} (0: none)."),
                CommonRemedies.AwaitSwap())
            : ConditionTypes.InKernel.False(
                "OtherEgressProgram",
                string.Create(CultureInfo.InvariantCulture, $"The kernel's entry has the egress program {element.EgressProgramId}; desired is {desired} (0: none)."),
                Audit);
    }

    private Condition OtherActions(EntryActions? desired, EntryActions? found) => ConditionTypes.InKernel.False(
        "OtherActions", $"The kernel's entry has {Words(found)}; desired: {Words(desired)}.", Audit);

    private static string Words(EntryActions? actions) => actions is null ? "no actions" : $"the actions {ActionRules.Describe(actions)}";

    private Condition Absent(ConditionType type, string name) => type.False(
        "NoSuchInterface", $"There is no interface '{name}'; the entry is written when the interface appears.", CommonRemedies.CreateInterface(name))
        with { LastTransitionTime = times.Of(name, interfaces.Find(name)).Present };

    private Condition Missing() => ConditionTypes.InKernel.False("Missing", "The kernel's map does not have the entry.", Audit);

    // The interface that alone can bring frames with this key; empty when any can.
    private string IngressOf(EntryKey key) =>
        frame?.Ingress ?? _selector.IngressOf(key) ?? "";

    /// <summary>The verdicts on frames that arrive on the interface of this name, or, for an empty name, on any.</summary>
    public IngressVerdicts Ingress(string name)
    {
        if (_ingress is var (last, verdicts) && last == name)
            return verdicts;
        if (_ingresses?.GetValueOrDefault(name) is not { } read)
        {
            read = ReadIngress(name);
            if (_ingress is not null)
                (_ingresses ??= new(StringComparer.Ordinal)).Add(name, read);
        }

        _ingress ??= (name, read);
        return read;
    }

    private IngressVerdicts ReadIngress(string name)
    {
        var links = map.Links(devmap.Attachments, interfaces, name.Length > 0 ? name : null);
        if (shared.Ingresses.TryGetValue(name, out var known) && known.Links.SequenceEqual(links))
            return known;
        var facts = IngressFacts.Of(devmap.Definition.Spec, links, interfaces);
        var condition = (facts.Attached ? _attached : NotAttached(name)) with { LastTransitionTime = IngressTime(name, facts.Attached) };
        return shared.Ingresses[name] = new(links, facts, condition);
    }

    private DateTimeOffset IngressTime(string name, bool attached)
    {
        var expected = devmap.Attachments.Values.Any(a => a.Link is not null && (name.Length == 0 || interfaces.Canonical(a.Record.Interface) == interfaces.Canonical(name)));
        return attached == expected ? devmap.Ingresses.Of(name) ?? times.Start : times.OfDetached(devmap.Definition.Name, name);
    }

    // A link that the daemon made and that is not alive although its interface is: somebody else detached it.
    private Condition NotAttached(string name) =>
        state.IsRestoring && (name.Length == 0 ? !devmap.Attachments.IsEmpty : devmap.FindAttachment(name, interfaces) is not null)
        ? AttachmentEvaluator.BeingAttached(ConditionTypes.IngressAttached, devmap.Definition.Name)
        : devmap.FindAttachment(name, interfaces) is { Link: not null } && interfaces.Find(name) is { } ingress
        ? AttachmentEvaluator.Detached(ConditionTypes.IngressAttached, devmap.Definition.Name, ingress)
        : ConditionTypes.IngressAttached.False(
            "NotAttached",
            $"The redirect program of '{devmap.Definition.Name}' does not run {(name.Length > 0 ? $"on '{name}'" : "on any interface")}, so no frame finds an entry.",
            name == InterfaceName.Loopback ? CommonRemedies.OtherIngress()
            : name.Length > 0 ? CommonRemedies.Attach(devmap.Definition.Name, name, interfaces.Find(name)?.IsHardware == true)
            : Candidates.Attach(state, devmap.Definition.Name, interfaces));
}
