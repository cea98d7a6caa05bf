using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>A write of one entry, as a caller asks for it.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Key">The key, under any of the interface's names.</param>
/// <param name="Spec">The desired state; null to delete the entry.</param>
/// <param name="AllowPending">Whether interfaces may be missing.</param>
/// <param name="Precondition">The condition on the entry.</param>
internal sealed record EntryWrite(DevmapId Devmap, EntryKey Key, EntrySpec? Spec, bool AllowPending, Precondition Precondition)
{
    /// <summary>The owner that the entry is deleted for; null for none. A put is for the owner of its spec.</summary>
    public string? Owner { get; init; }

    /// <summary>Whether an entry of another owner may be changed and deleted.</summary>
    public bool Force { get; init; }
}

/// <summary>A write of one entry as it meets the state: the entry that it means, under the names that this has.</summary>
internal sealed class ResolvedWrite
{
    private readonly EntryWrite _asked;
    private readonly WorkingDevmap _devmap;
    private readonly PlacedEntry? _evicted;
    private string? _name;

    private ResolvedWrite(PlanContext context, EntryWrite asked, WorkingDevmap devmap, EntryKey key, PlacedEntry? before, EntrySpec? spec)
    {
        (_asked, _devmap, Before, Spec) = (asked, devmap, before, spec);
        Id = new EntryId(devmap.Id, key);
        KernelKey = spec is null ? null : Convergence.KernelKeyOf(context, key);
        Device = spec is null ? null : context.Interfaces.Find(spec.Interface) is { } target ? context.Interfaces.DeviceOf(target).Name : spec.Interface;
        _evicted = EvictedBy(context, devmap, KernelKey, key);
    }

    /// <summary>The entry.</summary>
    public EntryId Id { get; }

    /// <summary>The resource name of the entry.</summary>
    public string Name => _name ??= _devmap.NameOf(Id.Key);

    /// <summary>The entry as it stands; null if there is none.</summary>
    public PlacedEntry? Before { get; }

    /// <summary>The desired state; null if the entry is deleted.</summary>
    public EntrySpec? Spec { get; }

    /// <summary>The name of the device that frames leave by; null if the entry is deleted.</summary>
    public string? Device { get; }

    /// <summary>The kernel key that the entry takes; null if it is deleted, or its interface does not exist.</summary>
    public uint? KernelKey { get; }

    /// <summary>Whether the write asks for what is stored. It then succeeds in any state of the interfaces.</summary>
    public bool Repeats => Spec is not null && Before?.Record.Spec == Spec;

    /// <summary>Whether the devmap has one entry more afterwards.</summary>
    public bool Adds => Before is null;

    /// <summary>Finds the entry that a write means, and checks who writes it and on which condition.</summary>
    /// <exception cref="ControlPlaneException">There is no such devmap or entry, the caller's limits exclude it, or its revision differs.</exception>
    public static ResolvedWrite Of(PlanContext context, Caller caller, EntryWrite asked)
    {
        var devmap = context.Devmap(asked.Devmap);
        var before = context.Find(devmap, asked.Key);
        if (asked.Spec is null && before is null)
            throw new ControlPlaneException(EntryErrors.NotFound(devmap.Id.Name, devmap.KeyText(asked.Key)));
        var spec = asked.Spec is null ? null : Named(context, asked.Spec);
        var write = new ResolvedWrite(context, asked, devmap, before?.Record.Key ?? Identify(context, devmap, asked.Key), before, spec);
        if (!caller.Limits.AreNone)
        {
            EntryAccess.RequireKey(caller, devmap.Definition, write.Id.Key, write.Name);
            EntryAccess.Require(caller, devmap.Id.Name, write.Name, before is null ? spec!.Owner : before.Record.Spec.Owner);
            if (spec is not null)
                EntryAccess.Require(caller, devmap.Id.Name, write.Name, spec.Owner);
        }

        if (asked.Precondition != default)
            asked.Precondition.Require(write.Name, before?.Record.Revision);
        return write;
    }

    /// <summary>Returns why the write is not one of the entry's owner; null if it is, or asks for what is stored.</summary>
    public Error? FindOtherOwner() => Before is null || Repeats
        ? null
        : OwnerRule.Find(Name, Before.Record.Spec.Owner, new(Spec is null ? _asked.Owner : Spec.Owner, _asked.Force), deletes: Spec is null);

    /// <summary>Refuses a write that is not one of the entry's owner.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.OwnedByOther"/>.</exception>
    public void RequireOwner()
    {
        if (FindOtherOwner() is { } foreign)
            throw new ControlPlaneException(foreign);
    }

    /// <summary>Collects why the write fails as things stand.</summary>
    /// <param name="context">The state and the interfaces.</param>
    /// <param name="refusals">Collects the reasons.</param>
    /// <param name="others">All writes of the call, if they are several.</param>
    public void Judge(PlanContext context, Refusals refusals, EntryWrites? others = null)
    {
        // An entry that is stored with a lease whose time is over is about to go.
        if (!context.HasLease(Spec?.Lease))
            refusals.Add(LeaseErrors.Missing(Spec!.Lease!));
        if (Spec is null || Repeats)
            return;
        var (allowPending, name) = (_asked.AllowPending, Spec.Interface);
        if (!allowPending && KernelKey is null)
            refusals.Add(InterfaceErrors.Missing("key", Id.Key.InterfaceName!, pendingPossible: true));
        if (!allowPending && context.Interfaces.Find(name) is null)
            refusals.Add(InterfaceErrors.Missing("interface", name, pendingPossible: true));
        if (context.Interfaces.Find(name) is { CarriesEthernet: false } bare)
            refusals.Add(InterfaceErrors.NoEthernet("interface", bare.Name, bare.Kind));
        if (ResolvedTarget.Of(Spec, context.Interfaces) is { Conflicts: true })
            refusals.Add(EntryErrors.TagActionForVlan(name));
        if (Spec.EgressProgram is { } program && !context.State.Programs.ContainsKey(program) && others?.Programs.Contains(program) != true)
            refusals.Add(ProgramErrors.Missing(program));
        if (Rival(others) is { } rival)
            refusals.Add(EntryErrors.KeyConflict(_devmap.KeyText(Id.Key), KernelKey!.Value, _devmap.Id.Name, _devmap.KeyText(rival), _devmap.Entries.Find(rival)?.Record.Spec.Owner));
        JudgeProgram(context, refusals, others);
        if (Adds && _devmap.Entries.Count + (others?.GrowthOf(_devmap.Id) ?? 1) > _devmap.Definition.Spec.MaxEntries)
            refusals.Add(DevmapErrors.Full(_devmap.Id.Name, _devmap.Definition.Spec.MaxEntries));
    }

    /// <summary>Returns the placements that carry the write out: its own comes last.</summary>
    /// <param name="context">The state, the interfaces and the kernel.</param>
    /// <param name="revision">The revision of a change.</param>
    /// <param name="others">All writes of the call, if they are several.</param>
    /// <param name="later">Whether the kernel follows after the plan.</param>
    public IReadOnlyList<Placement.OfEntry> Place(PlanContext context, long revision, EntryWrites? others = null, bool later = false)
    {
        if (Spec is null)
            return [later ? Later(Before, null) : Convergence.Deletion(context, _devmap, Before!)];
        var record = Repeats ? Before!.Record : NextRecord(context, revision);
        var evicts = _evicted is not null || (Holder is { } holder && others?.Find(new EntryId(_devmap.Id, holder.Record.Key)) is { Spec: null });
        var own = later
            ? Later(Before, Convergence.Placed(context, _devmap, record, evicts))
            : Convergence.Entry(context, _devmap, Before, record, _asked.AllowPending || Repeats, evicts);
        if (_evicted is null || others?.Find(new EntryId(_devmap.Id, _evicted.Record.Key)) is not null)
            return [own];
        return [later ? Later(_evicted, Convergence.Placed(context, _devmap, _evicted.Record)) : Convergence.Entry(context, _devmap, _evicted, _evicted.Record), own];
    }

    /// <summary>Returns what the write relies on: all entries for one device carry one egress program, and that and the lease exist.</summary>
    public IEnumerable<FootprintUse> Uses
    {
        get
        {
            if (Spec is null)
                yield break;
            yield return Target;
            if (Spec.EgressProgram is { } program)
                yield return new FootprintUse(FootprintKey.Program(program));
            if (Spec.Lease is { } lease)
                yield return new FootprintUse(FootprintKey.Lease(lease));
        }
    }

    private Placement.OfEntry Later(PlacedEntry? before, PlacedEntry? after) => new(_devmap.Id, before, after, []) { FollowsLater = true };

    private FootprintUse Target => new(FootprintKey.Target(Device!), Spec!.EgressProgram);

    // Another entry that has the kernel key now.
    private PlacedEntry? Holder => KernelKey is { } taken && _devmap.Entries.Find(taken) is { } holder && holder.Record.Key != Id.Key ? holder : null;

    // With the interface's own name, whichever of its names was given.
    private static EntrySpec Named(PlanContext context, EntrySpec spec)
    {
        var target = context.Canonical(spec.Interface);
        return context.State.Targets.Shared(target == spec.Interface ? spec : spec with { Interface = target });
    }

    // A number that is the ifindex of an interface means that interface, and follows it from now on.
    private static EntryKey Identify(PlanContext context, WorkingDevmap devmap, EntryKey key) =>
        key.InterfaceName is null
            ? devmap.Definition.Spec.KeySelector.Identify(key.Number, context.Interfaces)
            : EntryKey.OfInterface(context.Canonical(key.InterfaceName));

    // The entry that has our kernel key although its interface was removed or has another index: the news of that is still on its way.
    private static PlacedEntry? EvictedBy(PlanContext context, WorkingDevmap devmap, uint? kernelKey, EntryKey key) =>
        kernelKey is { } taken
        && devmap.Entries.Find(taken) is { Record.Key.InterfaceName: { } name } holder
        && holder.Record.Key != key
        && context.Interfaces.Find(name)?.Ifindex != taken
            ? holder
            : null;

    /// <summary>Returns the entry that keeps the kernel key from this one; null if there is none.</summary>
    private EntryKey? Rival(EntryWrites? others)
    {
        if (KernelKey is { } taken && others?.With(new ElementId(_devmap.Id, taken)) is { } write && write.Id != Id)
            return write.Id.Key;
        return _evicted is null && Holder is { } holder && others?.Find(new EntryId(_devmap.Id, holder.Record.Key)) is not { Spec: null }
            ? holder.Record.Key
            : null;
    }

    private void JudgeProgram(PlanContext context, Refusals refusals, EntryWrites? others)
    {
        var (target, program) = (Spec!.Interface, Spec.EgressProgram);
        if (others?.FindOther(Device!, program) is { } write)
            refusals.Add(EntryErrors.EgressProgramConflict(Name, program, target, write.Name, write.Spec!.EgressProgram));
        foreach (var name in context.Interfaces.NamesOfDevice(target))
        {
            var conflict = others is null ? context.State.Targets.FindConflict(name, program, Id) : others.FindConflict(context, name, program);
            if (conflict is var (other, otherProgram))
                refusals.Add(EntryErrors.EgressProgramConflict(Name, program, target, context.State.NameOf(other), otherProgram));
        }
    }

    private EntryRecord NextRecord(PlanContext context, long revision)
    {
        var old = Before?.Record;
        var now = context.TimeAfter(old?.UpdateTime);
        return new EntryRecord(_devmap.Id.Name, Id.Key, Spec!, revision, old?.CreateTime ?? now, now);
    }
}

/// <summary>The writes of one call. They take effect together, so each is judged by the entries as they will be after all of them.</summary>
internal sealed class EntryWrites
{
    private readonly Dictionary<EntryId, ResolvedWrite> _byEntry = [];
    private readonly Dictionary<ElementId, ResolvedWrite> _byElement = [];
    private readonly Dictionary<string, (ResolvedWrite First, ResolvedWrite? Other)> _byTarget = new(StringComparer.Ordinal);
    private readonly Dictionary<DevmapId, int> _growth = [];
    private readonly Dictionary<(string Target, string Program), (EntryId Entry, string? Program)?> _conflicts = [];

    /// <summary>The egress programs that the call makes.</summary>
    public HashSet<string> Programs { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a write; false if the call has another one of the same entry.</summary>
    public bool Add(ResolvedWrite write)
    {
        if (!_byEntry.TryAdd(write.Id, write))
            return false;
        if (write.Spec is null || write.Adds)
            _growth[write.Id.Devmap] = GrowthOf(write.Id.Devmap) + (write.Spec is null ? -1 : 1);
        if (write.Spec is null)
            return true;
        if (!_byTarget.TryGetValue(write.Device!, out var writes))
            _byTarget.Add(write.Device!, (write, null));
        else if (writes.Other is null && writes.First.Spec!.EgressProgram != write.Spec.EgressProgram)
            _byTarget[write.Device!] = (writes.First, write);
        if (write.KernelKey is { } key)
            _byElement.TryAdd(new ElementId(write.Id.Devmap, key), write);
        return true;
    }

    /// <summary>Returns the write of an entry; null if there is none.</summary>
    public ResolvedWrite? Find(EntryId id) => _byEntry.GetValueOrDefault(id);

    /// <summary>Returns the first write that takes a kernel key; null if there is none.</summary>
    public ResolvedWrite? With(ElementId element) => _byElement.GetValueOrDefault(element);

    /// <summary>Returns a write of an entry that sends to an interface with another program; null if there is none.</summary>
    public ResolvedWrite? FindOther(string target, string? program)
    {
        var (first, other) = _byTarget.GetValueOrDefault(target);
        return first is not null && first.Spec!.EgressProgram != program ? first : other?.Spec!.EgressProgram != program ? other : null;
    }

    /// <summary>Returns how many entries a devmap has more after the writes.</summary>
    public int GrowthOf(DevmapId devmap) => _growth.GetValueOrDefault(devmap);

    /// <summary>Returns an entry that no write touches and that sends to the interface with another program, and that program; null if there is none.</summary>
    public (EntryId Entry, string? Program)? FindConflict(PlanContext context, string target, string? program)
    {
        var asked = (target, program ?? "");
        if (!_conflicts.TryGetValue(asked, out var conflict))
            _conflicts[asked] = conflict = context.State.Targets.FindConflict(target, program, _byEntry.ContainsKey);
        return conflict;
    }
}

/// <summary>The outcome of one write.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Before">The entry before; null for a new one.</param>
/// <param name="After">The entry after; null if it was deleted.</param>
/// <param name="Revision">The revision of the call.</param>
internal sealed record EntryOutcome(DevmapId Devmap, PlacedEntry? Before, PlacedEntry? After, long Revision)
{
    /// <summary>The effect of the write.</summary>
    public ItemOutcome Effect => After is null ? ItemOutcome.Deleted
        : Before is null ? ItemOutcome.Created
        : ReferenceEquals(Before.Record, After.Record) ? ItemOutcome.Unchanged
        : ItemOutcome.Changed;

    /// <summary>The result of the write.</summary>
    public ItemResult Result => new(Effect, After?.Record.Revision ?? Revision);

    /// <summary>Returns the outcome that the placement of an entry shows.</summary>
    public static EntryOutcome Of(Placement placement, long revision) =>
        placement is Placement.OfEntry entry ? new(entry.Devmap, entry.Before, entry.After, revision) : throw new ArgumentException("it is no entry", nameof(placement));
}
