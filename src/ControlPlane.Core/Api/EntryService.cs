using System.Collections.Immutable;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Api;

/// <summary>The entry operations of the API.</summary>
internal sealed class EntryService
{
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly IKernel _kernel;
    private readonly DropReader _drops;
    private readonly StatusEvaluators _evaluators;
    private readonly EntryWaits _waits;

    public EntryService(ControlPlaneState state, DevmapWriter writer, IKernel kernel, DropReader drops, StatusEvaluators evaluators, EntryWaits waits) =>
        (_state, _writer, _kernel, _drops, _evaluators, _waits) = (state, writer, kernel, drops, evaluators, waits);

    /// <summary>Creates or changes the entry, and returns when it is in the kernel, or pending where that is allowed.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="spec">The desired state, not yet validated.</param>
    /// <param name="allowPending">Whether interfaces may be missing.</param>
    /// <param name="request">The request.</param>
    /// <param name="wait">How the call waits after the write; null if it does not.</param>
    /// <param name="force">Whether an entry of another owner may be changed.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<PutOutcome<Entry>> PutAsync(string devmap, string key, EntrySpec spec, bool allowPending, RequestContext request, WaitOptions? wait = null, bool force = false)
    {
        wait ??= WaitOptions.None;
        wait.Validate(request.Violations);
        var asked = Read(devmap, key, spec, allowPending, request);
        using var waiting = _waits.Begin(wait, request);
        var outcome = await _writer.SubmitAsync(new PutEntryCommand(asked with { Force = force }), request);
        return waiting is null ? Answer(outcome) : await WaitAsync(waiting, outcome);
    }

    private EntryWrite Read(string devmap, string key, EntrySpec spec, bool allowPending, RequestContext request)
    {
        EntryAccess.Require(request.Caller, devmap, $"devmaps/{devmap}/entries/{key}", NullIfEmpty(spec.Owner));
        var snapshot = _state.Current;
        var state = snapshot.Devmaps.GetValueOrDefault(devmap);
        var entryKey = state is null ? null : ParseKey(state, key, request.Violations);
        Validate(spec, state?.Definition, request.Violations);
        new MeaningCheck(snapshot, _kernel, request.Violations).OfEntry(state, entryKey, spec, allowPending);
        request.Violations.ThrowIfAny();
        spec = WithoutEmpty(spec);
        return new EntryWrite((state ?? snapshot.Devmap(devmap)).Id, entryKey!.Value, spec, allowPending, request.Precondition);
    }

    private PutOutcome<Entry> Answer(EntryOutcome outcome)
    {
        var snapshot = _state.Current;
        var state = snapshot.Find(outcome.Devmap) ?? throw new ControlPlaneException(DevmapErrors.NotFound(outcome.Devmap.Name));
        // The writer has just read the interfaces.
        return new PutOutcome<Entry>(outcome.Before is null, _evaluators.For(snapshot, state, _kernel.Interfaces.Current).View(outcome.After!));
    }

    // The entry that the answer shows is that of the end of the wait: others may have written it meanwhile.
    private async Task<PutOutcome<Entry>> WaitAsync(EntryWait waiting, EntryOutcome outcome)
    {
        var (devmap, written) = (outcome.Devmap, outcome.After!);
        var result = await waiting.RunAsync(new EntrySelection.Named([new EntryId(devmap, written.Record.Key)]));
        return new PutOutcome<Entry>(outcome.Before is null, View(devmap, written)) { Wait = result };
    }

    /// <summary>Deletes the entry.</summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="key">The key in any of its text forms.</param>
    /// <param name="owner">The owner of the entry, not yet validated; null or empty for none.</param>
    /// <param name="force">Whether an entry of another owner may be deleted.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task DeleteAsync(string devmap, string key, string? owner, bool force, RequestContext request)
    {
        EntryAccess.Require(request.Caller, devmap, $"devmaps/{devmap}/entries/{key}");
        LabelRules.ValidateOwner(owner, request.Violations);
        var (state, parsed) = Address(_state.Current, devmap, key, request);
        try
        {
            var asked = new EntryWrite(state.Id, parsed, null, false, request.Precondition) { Owner = NullIfEmpty(owner), Force = force };
            await _writer.SubmitAsync(new DeleteEntryCommand(asked), request);
        }
        catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.EntryNotFound && FindUnmanaged(state, parsed) is not null)
        {
            throw new ControlPlaneException(EntryErrors.Unmanaged(devmap, key), e);
        }
    }

    /// <summary>Returns one entry, with its status as of now.</summary>
    /// <exception cref="ControlPlaneException">There is no such devmap or entry, or the key is not valid.</exception>
    public Entry Get(string devmap, string key, RequestContext request)
    {
        var snapshot = _state.Current;
        var (state, parsed) = Address(snapshot, devmap, key, request);
        if (Find(state, parsed) is { } entry)
            return Evaluator(snapshot, state).View(entry);
        return FindUnmanaged(state, parsed) is var (kernelKey, element)
            ? Evaluator(snapshot, state).UnmanagedView(kernelKey, element, basic: false)
            : throw new ControlPlaneException(EntryErrors.NotFound(devmap, key));
    }

    /// <summary>Returns an entry, with its status as of now.</summary>
    internal Entry View(DevmapId devmap, PlacedEntry entry)
    {
        var snapshot = _state.Current;
        var state = snapshot.Find(devmap) ?? throw new ControlPlaneException(DevmapErrors.NotFound(devmap.Name));
        return Evaluator(snapshot, state).View(state.Entries.Find(entry.Record.Key) ?? entry);
    }

    /// <summary>Returns one page of a devmap's entries.</summary>
    /// <exception cref="ControlPlaneException">There is no such devmap, or the query is wrong.</exception>
    public EntryList List(string devmap, EntryQuery query, RequestContext request)
    {
        var filter = EntryQueryValidation.Filter(query, request.Violations, Naming);
        var after = EntryQueryValidation.Token(devmap, query, request.Violations);
        request.Violations.ThrowIfAny();
        var snapshot = _state.Current;
        var state = snapshot.Devmap(devmap);
        var (evaluator, revision) = (Evaluator(snapshot, state), snapshot.Revision);
        var (entries, next) = Lister(state, filter).Page(after, query.PageSize ?? EntryQuery.DefaultPageSize, Read, new PageBudget().Take);
        return new EntryList(entries, next?.Encode(devmap, query), revision);

        Entry? Read(EntryLister.Place place)
        {
            var basic = query.View == EntryView.Basic;
            if (place.Entry is not { } entry)
                return evaluator.UnmanagedView(place.KernelKey, place.Element, basic);
            var view = basic ? evaluator.BasicView(entry) : evaluator.View(entry);
            return filter.Accepts(view.Status.State) ? view : null;
        }
    }

    /// <summary>Returns one page of the counters of a devmap's entries, in the order of <see cref="List"/>.</summary>
    /// <exception cref="ControlPlaneException">There is no such devmap, or the query is wrong.</exception>
    public CounterList ListCounters(string devmap, EntryQuery query, RequestContext request)
    {
        var filter = EntryQueryValidation.Filter(query, request.Violations, Naming);
        var after = EntryQueryValidation.Token(devmap, query, request.Violations);
        request.Violations.ThrowIfAny();
        var snapshot = _state.Current;
        var state = snapshot.Devmap(devmap);
        var (evaluator, interfaces, revision) = (Evaluator(snapshot, state), _kernel.Interfaces.Refresh(), snapshot.Revision);
        var map = _state.Handles[state.Id];
        var (counters, next) = Lister(state, filter).Page(after, query.PageSize ?? EntryQuery.DefaultPageSize, Read, static _ => true);
        return new CounterList(counters, next?.Encode(devmap, query), revision);

        KeyCounters? Read(EntryLister.Place place)
        {
            if (place.Entry is not { } entry)
                return Counters(evaluator.KeyOf(place.KernelKey), place.KernelKey, place.Element.Ifindex);
            if (filter.State is not null && !filter.Accepts(evaluator.BasicView(entry).Status.State))
                return null;
            return Counters(entry.Record.Key, entry.KernelKey, ResolvedTarget.Of(entry.Record.Spec, interfaces)?.Device.Ifindex);
        }

        KeyCounters Counters(EntryKey key, uint? kernelKey, uint? target)
        {
            var text = state.Definition.Spec.KeySelector.Format(key);
            if (kernelKey is not { } known)
                return new KeyCounters(text, 0, 0, 0);
            var (packets, bytes) = map.ReadCounters(known);
            return new KeyCounters(text, packets, bytes, Dropped(state, map, known, target));
        }
    }

    /// <summary>The entries of a devmap that were sent most frames, most first; those that were sent none are left out.</summary>
    /// <param name="devmap">The devmap's name.</param>
    /// <param name="count">How many at most.</param>
    /// <remarks>Every entry's counters are read: a microsecond each.</remarks>
    /// <returns>The entries; none if the devmap has been removed.</returns>
    public IReadOnlyList<EntryTraffic> Busiest(string devmap, int count)
    {
        if (count == 0 || _state.Current.Devmaps.GetValueOrDefault(devmap) is not { Definition.Spec.Counters: true } state || _state.Handles.Find(state.Id) is not { } map)
            return [];
        var interfaces = _kernel.Interfaces.Refresh();
        var busiest = new PriorityQueue<(PlacedEntry Entry, uint KernelKey, EntryCounters Counters), ulong>();
        foreach (var entry in state.Entries.All())
        {
            if (entry.KernelKey is not { } kernelKey || map.ReadCounters(kernelKey) is not { Packets: > 0 } counters)
                continue;
            busiest.Enqueue((entry, kernelKey, counters), counters.Packets);
            if (busiest.Count > count)
                busiest.Dequeue();
        }

        return
        [
            .. busiest.UnorderedItems.Select(i => i.Element).OrderByDescending(b => b.Counters.Packets).Select(b => new EntryTraffic(
                state.Definition.Spec.KeySelector.Format(b.Entry.Record.Key),
                b.Entry.Record.Spec.Interface,
                b.Counters,
                Dropped(state, map, b.KernelKey, ResolvedTarget.Of(b.Entry.Record.Spec, interfaces)?.Device.Ifindex))),
        ];
    }

    private ulong Dropped(DevmapState devmap, IDevmap map, uint kernelKey, uint? target) =>
        _drops.OfEntry(devmap, map, kernelKey, target).Aggregate(0UL, (sum, drop) => sum + drop.Packets);

    private EntryLister Lister(DevmapState devmap, EntryFilter filter)
    {
        var map = _state.Handles[devmap.Id];
        return new EntryLister(devmap, map, filter, key => Unmanaged.Find(_state, map, new ElementId(devmap.Id, key)));
    }

    /// <summary>Returns the element that a key means, if the kernel has it and nobody desires it.</summary>
    internal (uint KernelKey, KernelEntry Element)? FindUnmanaged(DevmapState devmap, EntryKey key)
    {
        if ((key.InterfaceName is { } name ? _kernel.Interfaces.Query(name)?.Ifindex : key.Number) is not { } kernelKey)
            return null;
        return Unmanaged.Find(_state, _state.Handles[devmap.Id], new ElementId(devmap.Id, kernelKey)) is { } element ? (kernelKey, element) : null;
    }

    // The interface may be known under another name.
    private PlacedEntry? Find(DevmapState devmap, EntryKey key) =>
        devmap.Find(key) ?? (key.InterfaceName is { } name ? devmap.Find(key, Naming(name)) : null);

    /// <summary>Returns the interfaces, with what the kernel knows now of this name.</summary>
    private InterfaceTable Naming(string? name)
    {
        if (name is not null)
            _kernel.Interfaces.Resolve(name);
        return _kernel.Interfaces.Refresh();
    }

    private StatusEvaluator Evaluator(Snapshot snapshot, DevmapState devmap) =>
        _evaluators.For(snapshot, devmap, _kernel.Interfaces.Refresh());

    /// <summary>Returns the devmap and the key that a request addresses.</summary>
    /// <exception cref="ControlPlaneException">There is no such devmap, or the request is not valid.</exception>
    internal static (DevmapState Devmap, EntryKey Key) Address(Snapshot snapshot, string devmap, string key, RequestContext request)
    {
        var state = snapshot.Devmaps.GetValueOrDefault(devmap);
        var parsed = state is null ? null : ParseKey(state, key, request.Violations);
        request.Violations.ThrowIfAny();
        return (state ?? throw new ControlPlaneException(DevmapErrors.NotFound(devmap)), parsed!.Value);
    }

    internal static EntryKey? ParseKey(DevmapState devmap, string text, Violations violations)
    {
        var key = devmap.Definition.Spec.KeySelector.Parse(text, out var fault);
        if (fault is not null && !violations.Has("key"))
            violations.Add("key", fault);
        return key;
    }

    internal static void Validate(EntrySpec spec, DevmapRecord? devmap, Violations violations)
    {
        if (!violations.Has("interface"))
        {
            if (string.IsNullOrEmpty(spec.Interface))
                violations.Add("interface", "is required: the name of the egress interface");
            else if (!InterfaceName.IsValid(spec.Interface))
                violations.Add("interface", InterfaceName.Rule);
        }

        if (!string.IsNullOrEmpty(spec.EgressProgram))
        {
            if (!ProgramName.IsValid(spec.EgressProgram))
                violations.Add("egressProgram", ProgramName.Rule);
            if (devmap is { Spec.ValueSize: < 8 })
                violations.Add("egressProgram", DevmapErrors.NoRoomForEgressProgram(devmap.Name, devmap.Spec.ValueSize));
        }

        ActionRules.Check(spec.Actions, violations);
        LabelRules.Validate(spec.Labels, spec.Owner, violations);
        LeaseName.Validate(spec.Lease, violations);
        InterfaceGoneRules.Validate(spec.OnInterfaceGone, spec.DeleteAfter, violations);
    }

    /// <summary>Returns the spec with null for what is empty.</summary>
    internal static EntrySpec WithoutEmpty(EntrySpec spec) =>
        spec with { EgressProgram = NullIfEmpty(spec.EgressProgram), Owner = NullIfEmpty(spec.Owner), Lease = NullIfEmpty(spec.Lease) };

    internal static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
