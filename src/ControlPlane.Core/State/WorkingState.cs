using System.Collections.Immutable;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>
/// The state as the writer changes it between two snapshots. Plans are made against it. Readers see nothing of it until
/// <see cref="Publish"/>. For the writer's thread.
/// </summary>
internal sealed class WorkingState(ControlPlaneState shared)
{
    private readonly SortedDictionary<string, WorkingDevmap> _devmaps = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touchedPrograms = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touchedTargets = new(StringComparer.Ordinal);
    private readonly HashSet<string> _touchedLeases = new(StringComparer.Ordinal);
    private readonly HashSet<string> _removed = new(StringComparer.Ordinal);
    private readonly HashSet<(string Interface, TimeSpan? After)> _writtenEndings = [];
    private ImmutableDictionary<string, ProgramConflict> _conflicts = shared.Current.Conflicts;
    private ImmutableDictionary<string, TargetSummary> _targets = shared.Current.Targets;
    private long _attachmentsVersion = shared.Current.AttachmentsVersion;

    /// <summary>The devmaps, in order of their names.</summary>
    public IReadOnlyCollection<WorkingDevmap> Devmaps => _devmaps.Values;

    /// <summary>The egress programs by name. How many entries carry one is counted when the state is published.</summary>
    public ImmutableSortedDictionary<string, PlacedProgram> Programs { get; private set; } = shared.Current.Programs;

    /// <summary>The pass programs by the name of the interface.</summary>
    public ImmutableDictionary<string, PlacedPassProgram> PassPrograms { get; private set; } = shared.Current.PassPrograms;

    /// <summary>The interfaces that the daemon made promiscuous, or could not make promiscuous, by index.</summary>
    public ImmutableDictionary<uint, PlacedPromiscuity> Promiscuity { get; private set; } = shared.Current.Promiscuity;

    /// <summary>The tokens.</summary>
    public TokenTable Tokens { get; private set; } = shared.Current.Tokens;

    /// <summary>The leases by name. How many entries name one is counted when the state is published.</summary>
    public ImmutableSortedDictionary<string, PlacedLease> Leases { get; private set; } = shared.Current.Leases;

    /// <summary>The entries by the lease that they name.</summary>
    public NamedEntries LeaseEntries { get; } = new();

    /// <summary>The entries that end when their interface is removed, by the interface.</summary>
    public NamedEntries EndingEntries { get; } = new();

    /// <summary>The calls that their callers have marked with keys. Readers see nothing of them.</summary>
    public CallTable Calls { get; } = new();

    /// <summary>Which entries send where.</summary>
    public TargetIndex Targets { get; } = new();

    /// <summary>Whether the kernel does not have everything as desired yet after a start.</summary>
    public bool IsRestoring { get; set; }

    /// <summary>Adds a devmap that has been opened.</summary>
    public WorkingDevmap Add(DevmapId id, DevmapRecord definition, long revision) =>
        _devmaps[id.Name] = new WorkingDevmap(id, definition, revision);

    /// <summary>Removes a devmap with all that is in it.</summary>
    public void Remove(WorkingDevmap devmap)
    {
        foreach (var entry in devmap.Entries.Freeze().All())
            Set(devmap, entry, null);
        if (!devmap.Attachments.IsEmpty)
            _attachmentsVersion++;
        _devmaps.Remove(devmap.Id.Name);
        _removed.Add(devmap.Id.Name);
    }

    /// <summary>Returns the devmap of this name, or null.</summary>
    public WorkingDevmap? Find(string name) => _devmaps.GetValueOrDefault(name);

    /// <summary>Returns the devmap of this name and generation, or null.</summary>
    public WorkingDevmap? Find(DevmapId id) => _devmaps.GetValueOrDefault(id.Name) is { } devmap && devmap.Id == id ? devmap : null;

    /// <summary>Returns the resource name of an entry, for messages.</summary>
    public string NameOf(EntryId id) => Find(id.Devmap) is { } devmap ? devmap.NameOf(id.Key) : $"devmaps/{id.Devmap.Name}";

    /// <summary>Returns the kernel's id of an egress program; 0 for none and for an unknown one.</summary>
    public uint ProgramId(string? program) => program is null ? 0 : Programs.GetValueOrDefault(program)?.Loaded.ProgramId ?? 0;

    /// <summary>Returns the name of the egress program with this id; null for 0 and for a program of somebody else.</summary>
    public string? ProgramName(uint programId)
    {
        if (programId == 0)
            return null;
        foreach (var program in Programs.Values)
        {
            if (program.Loaded.ProgramId == programId)
                return program.Record.Name;
        }

        return null;
    }

    /// <summary>Puts an entry in the place of another; either can be null.</summary>
    public void Set(WorkingDevmap devmap, PlacedEntry? before, PlacedEntry? after)
    {
        // A swap may not have reached the entry yet.
        before = before is null ? null : devmap.Entries.FindPlaced(before.Record.Key) ?? before;
        var (was, now) = (before?.Record, after?.Record);
        if (was?.Spec.Interface != now?.Spec.Interface || was?.Spec.EgressProgram != now?.Spec.EgressProgram || was?.Revision != now?.Revision)
        {
            if (was is not null)
            {
                Targets.Remove(new EntryId(devmap.Id, was.Key), was);
                Touch(was.Spec);
            }

            if (now is not null)
            {
                Targets.Add(new EntryId(devmap.Id, now.Key), now);
                Touch(now.Spec);
            }
        }

        if (was?.Spec.Lease != now?.Spec.Lease)
        {
            LeaseEntries.Replace(new EntryId(devmap.Id, (now ?? was)!.Key), was?.Spec.Lease, now?.Spec.Lease);
            TouchLease(was?.Spec.Lease);
            TouchLease(now?.Spec.Lease);
        }

        if (was?.Spec.OnInterfaceGone > OnInterfaceGone.Keep || now?.Spec.OnInterfaceGone > OnInterfaceGone.Keep)
            SetEnding(new EntryId(devmap.Id, (now ?? was)!.Key), was, now);
        devmap.Entries.Replace(before, after);
        devmap.Groups.Replace(before, after);
        devmap.Reach(now?.Revision ?? 0);
    }

    /// <summary>All entries of the devmap that the swap covers carry its program from now on. The kernel has none of them yet.</summary>
    public void Begin(WorkingDevmap devmap, SwapRecord swap, int entries)
    {
        devmap.Entries.Begin(swap);
        devmap.Reach(swap.Revision);
        Targets.Begin(swap, entries);
        Touch(new EntrySpec(swap.Interface, swap.EgressProgram));
    }

    /// <summary>The kernel has all entries of the devmap that the swap covers.</summary>
    public void End(WorkingDevmap devmap, SwapRecord swap)
    {
        devmap.Entries.End(swap);
        Targets.End(swap.Interface);
        Touch(new EntrySpec(swap.Interface, swap.EgressProgram));
    }

    /// <summary>Puts an egress program in the place of another of its name; null removes it.</summary>
    public void Set(string name, PlacedProgram? program)
    {
        Programs = program is null ? Programs.Remove(name) : Programs.SetItem(name, program);
        if (program is not null)
            _touchedPrograms.Add(name);
    }

    /// <summary>Puts a token in the place of another of its name; null removes it.</summary>
    public void SetToken(string name, TokenRecord? token) => Tokens = Tokens.With(name, token);

    /// <summary>Returns the interfaces of entries that were written since the last call and end when their interface is removed, with the time after which; null for at once.</summary>
    public IReadOnlyList<(string Interface, TimeSpan? After)> TakeWrittenEndings()
    {
        if (_writtenEndings.Count == 0)
            return [];
        (string, TimeSpan?)[] taken = [.. _writtenEndings];
        _writtenEndings.Clear();
        return taken;
    }

    /// <summary>Puts a lease in the place of another of its name; null removes it.</summary>
    public void SetLease(string name, LeaseRecord? lease) =>
        Leases = lease is null ? Leases.Remove(name) : Leases.SetItem(name, new PlacedLease(lease, LeaseEntries.Of(name).Count));

    /// <summary>Puts a pass program in the place of another of its interface; null removes it.</summary>
    public void Set(string interfaceName, PlacedPassProgram? program) =>
        PassPrograms = program is null ? PassPrograms.Remove(interfaceName) : PassPrograms.SetItem(interfaceName, program);

    /// <summary>Puts the promiscuity of an interface in the place of the one before; null removes it.</summary>
    public void Set(uint ifindex, PlacedPromiscuity? promiscuity) =>
        Promiscuity = promiscuity is null ? Promiscuity.Remove(ifindex) : Promiscuity.SetItem(ifindex, promiscuity);

    /// <summary>Publishes the state as a snapshot of this revision.</summary>
    /// <param name="revision">The revision.</param>
    /// <param name="now">The time of what has changed.</param>
    public void Publish(long revision, DateTimeOffset now)
    {
        foreach (var name in _touchedPrograms)
        {
            if (Programs.TryGetValue(name, out var program) && program.Entries != Targets.UseOf(name))
                Programs = Programs.SetItem(name, program with { Entries = Targets.UseOf(name) });
        }

        foreach (var target in _touchedTargets)
        {
            _conflicts = Targets.HasConflict(target)
                ? _conflicts.SetItem(target, new ProgramConflict(DescribeConflict(target), _conflicts.GetValueOrDefault(target)?.Since ?? now))
                : _conflicts.Remove(target);
            _targets = Targets.Summary(target) is { } summary ? _targets.SetItem(target, summary) : _targets.Remove(target);
        }

        foreach (var name in _touchedLeases)
        {
            if (Leases.TryGetValue(name, out var lease) && lease.Entries != LeaseEntries.Of(name).Count)
                Leases = Leases.SetItem(name, lease with { Entries = LeaseEntries.Of(name).Count });
        }

        _touchedLeases.Clear();
        _touchedPrograms.Clear();
        _touchedTargets.Clear();
        var devmaps = Freeze(now);
        shared.Publish(new Snapshot
        {
            Revision = revision,
            IsRestoring = IsRestoring,
            Devmaps = devmaps,
            AttachmentsVersion = _attachmentsVersion,
            Programs = Programs,
            Conflicts = _conflicts,
            Targets = _targets,
            PassPrograms = PassPrograms,
            Promiscuity = Promiscuity,
            Tokens = Tokens,
            Leases = Leases,
        });
    }

    private ImmutableSortedDictionary<string, DevmapState> Freeze(DateTimeOffset now)
    {
        var published = shared.Current.Devmaps.RemoveRange(_removed);
        _removed.Clear();
        foreach (var devmap in _devmaps.Values)
        {
            var (before, state) = (published.GetValueOrDefault(devmap.Id.Name), devmap.Freeze(now, shared.Capacity));
            if (ReferenceEquals(before, state))
                continue;
            published = published.SetItem(devmap.Id.Name, state);
            if (!ReferenceEquals(before?.Attachments, state.Attachments))
                _attachmentsVersion++;
        }

        return published;
    }

    private void Touch(EntrySpec spec)
    {
        _touchedTargets.Add(spec.Interface);
        if (spec.EgressProgram is not null)
            _touchedPrograms.Add(spec.EgressProgram);
    }

    private void SetEnding(EntryId id, EntryRecord? was, EntryRecord? now)
    {
        EndingEntries.Replace(id, NameOf(was), NameOf(now));
        if (now?.Spec.OnInterfaceGone > OnInterfaceGone.Keep && now.Revision != was?.Revision)
            _writtenEndings.Add((now.Spec.Interface, now.Spec.DeleteAfter));

        static string? NameOf(EntryRecord? record) => record?.Spec.OnInterfaceGone > OnInterfaceGone.Keep ? record.Spec.Interface : null;
    }

    private void TouchLease(string? lease)
    {
        if (lease is not null)
            _touchedLeases.Add(lease);
    }

    private string DescribeConflict(string target) => string.Join(
        ", ",
        Targets.ProgramsOf(target)
            .Select(p => $"{(p.Program is null ? "none" : $"'{p.Program}'")} ('{NameOf(p.Entry)}')")
            .Order(StringComparer.Ordinal));
}

/// <summary>One devmap as the writer changes it between two snapshots.</summary>
internal sealed class WorkingDevmap(DevmapId id, DevmapRecord definition, long revision)
{
    private DevmapState? _last;
    private long _revision = revision;
    private IngressTimes _ingresses = IngressTimes.None;
    private DateTimeOffset? _spreadSince;
    private (CapacityLevel? Level, DateTimeOffset Since) _room;

    private ImmutableSortedDictionary<string, PlacedAttachment> _attachments =
        ImmutableSortedDictionary.Create<string, PlacedAttachment>(StringComparer.Ordinal);

    /// <summary>The identity.</summary>
    public DevmapId Id => id;

    /// <summary>The settings.</summary>
    public DevmapRecord Definition { get; private set; } = definition;

    /// <summary>The entries.</summary>
    public EntryTable.Builder Entries { get; private set; } = new EntryTable(definition.Spec.MaxEntries).ToBuilder();

    /// <summary>The entries, counted by group.</summary>
    public EntryGroupCounts Groups { get; } = new(definition.Spec.KeySelector);

    /// <summary>The attachments by the interface's name.</summary>
    public ImmutableSortedDictionary<string, PlacedAttachment> Attachments => _attachments;

    /// <summary>The change of many entries that the kernel still follows; null if there is none.</summary>
    public OpenTable? Open { get; set; }

    /// <summary>The table that is built beside the active one; null if there is none.</summary>
    public Building? Building { get; set; }

    /// <summary>Returns the entry that a key means: by identity or, for a number, by the kernel key. Null if there is none.</summary>
    public PlacedEntry? Find(EntryKey key) => key.InterfaceName is null ? Entries.Find(key.Number) : Entries.Find(key);

    /// <summary>Returns the text form of a key.</summary>
    public string KeyText(EntryKey key) => id.Selector.Format(key);

    /// <summary>Returns the resource name of an entry.</summary>
    public string NameOf(EntryKey key) => $"devmaps/{id.Name}/entries/{KeyText(key)}";

    /// <summary>Puts an attachment in the place of another of its interface; null removes it.</summary>
    public void Set(string interfaceName, PlacedAttachment? attachment, DateTimeOffset now)
    {
        var before = _attachments;
        _attachments = attachment is null ? _attachments.Remove(interfaceName) : _attachments.SetItem(interfaceName, attachment);
        _ingresses = _ingresses.After(interfaceName, before, _attachments, now);
        Reach(attachment?.Record.Revision ?? 0);
    }

    /// <summary>The devmap has other settings from now on. With another capacity the entries are in other buckets.</summary>
    public void Redefine(DevmapRecord next)
    {
        if (next.Spec.MaxEntries != Definition.Spec.MaxEntries)
            Entries = Entries.Freeze().WithCapacity(next.Spec.MaxEntries).ToBuilder();
        Definition = next;
        Reach(next.Revision);
    }

    /// <summary>The devmap has changed at this revision.</summary>
    public void Reach(long changed) => _revision = Math.Max(_revision, changed);

    /// <summary>Returns the devmap as it is now; the same state if nothing has changed.</summary>
    public DevmapState Freeze(DateTimeOffset now, CapacityOptions capacity)
    {
        var entries = Entries.Freeze();
        if (Capacity.LevelOf(entries.Count, Definition.Spec.MaxEntries, capacity) is var room && room != _room.Level)
            _room = (room, now);
        if (_spreadSince is null || entries.LongChains > 0 != _last?.Entries.LongChains > 0)
            _spreadSince = now;
        if (_last is null || _last.Revision != _revision || !ReferenceEquals(_last.Entries, entries) || !ReferenceEquals(_last.Attachments, _attachments)
            || !ReferenceEquals(_last.Open, Open) || !ReferenceEquals(_last.Definition, Definition))
            _last = new DevmapState(id, Definition, _revision, entries, _attachments)
            {
                Open = Open, Groups = Groups.Freeze(), Ingresses = _ingresses, SpreadSince = _spreadSince.Value, Room = _room.Level!.Value, RoomSince = _room.Since,
            };
        return _last;
    }
}
