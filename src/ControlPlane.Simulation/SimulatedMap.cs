using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Simulation;

/// <summary>The pinned objects of one simulated devmap: its table, perhaps a second one, and the links.</summary>
internal sealed class SimulatedMap(DevmapRecord definition, uint mapId, uint programId, uint completingProgramId, uint tcxProgramId)
{
    // Only live frames of a probe ever hit an element. A key has one counter, whichever table is active.
    private readonly Dictionary<uint, EntryCounters> _hits = [];

    /// <summary>The table that frames go by.</summary>
    public SimulatedTable Table { get; private set; } = new(definition, mapId);

    /// <summary>The second table; null if there is none.</summary>
    public SimulatedTable? Other { get; set; }

    /// <summary>The revision that the second table is complete for; 0 for none.</summary>
    public long OtherRevision { get; set; }

    /// <summary>Whether the second table is the one before the active one, and no candidate.</summary>
    public bool IsSwitched { get; private set; }

    /// <summary>The guard of the switch; null without one.</summary>
    public SimulatedGuardState? Guard { get; set; }

    public DevmapRecord Definition => Table.Definition;

    public uint MapId => Table.MapId;

    public uint ProgramId { get; private set; } = programId;

    public uint CompletingProgramId { get; private set; } = completingProgramId;

    public uint TcxProgramId { get; private set; } = tcxProgramId;

    public uint ActiveMapId { get; set; } = mapId;

    public Dictionary<string, DevmapLink> Links { get; } = new(StringComparer.Ordinal);

    /// <summary>Elements whose frames are not counted, because somebody changed the table of entry ids.</summary>
    public HashSet<uint> Uncounted { get; } = [];

    public int Count => Table.Count;

    /// <summary>Gives the devmap other settings and other programs. Elements are not counted that were made without counters.</summary>
    public void Redefine(DevmapRecord next, Func<uint> nextId)
    {
        if (next.Spec.Counters && !Definition.Spec.Counters)
            Uncounted.UnionWith(Table.KeysWithoutActions);
        Table.Definition = next;
        (ProgramId, CompletingProgramId, TcxProgramId) = (nextId(), nextId(), nextId());
    }

    /// <summary>Returns the program that an interface runs.</summary>
    public uint ProgramFor(InterfaceInfo ingress, AttachMode mode) => mode == AttachMode.Tcx ? TcxProgramId
        : ChecksumCompletion.IsDoneFor(Definition.Spec, ingress, mode) ? CompletingProgramId : ProgramId;

    public bool TryGet(uint key, out KernelEntry element) => Table.TryGet(key, out element);

    public void Set(uint key, KernelEntry element, EntryActions? actions = null)
    {
        Table.Set(key, element, actions);
        Uncounted.Remove(key);
    }

    public EntryCounters HitsOf(uint key) => _hits.GetValueOrDefault(key);

    public void CountHits(uint key, ulong packets, ulong bytes)
    {
        var before = HitsOf(key);
        _hits[key] = new EntryCounters(before.Packets + packets, before.Bytes + bytes);
    }

    public bool Remove(uint key)
    {
        if (Other?.TryGet(key, out _) != true)
            _hits.Remove(key);
        return Table.Remove(key);
    }

    /// <summary>Has frames go by the second table, or by the first one again.</summary>
    public void Switch()
    {
        (Table, Other, IsSwitched) = (Other!, Table, !IsSwitched);
        ActiveMapId = MapId;
    }

    /// <summary>Takes a guarded switch back that nobody has confirmed; null if there is none.</summary>
    public InterruptedSwitch? TakeBack(SimulatedHost host)
    {
        if (Guard is not { } guard)
            return null;
        guard.TakeBack(GuardPhase.Cancelled, host, this);
        if (guard.Phase != GuardPhase.Confirmed)
            return new InterruptedSwitch(guard.Since, guard.Read());
        Guard = null;
        return null;
    }

    /// <summary>Gives up the table that frames do not go by.</summary>
    public void Release()
    {
        foreach (var key in _hits.Keys.Where(k => !Table.TryGet(k, out _)).ToList())
            _hits.Remove(key);
        (Other, OtherRevision, IsSwitched) = (null, 0, false);
    }

    /// <summary>Removes the elements of a device, as the kernel does when the device is removed. Its links become dead.</summary>
    public void RemoveDevice(uint ifindex)
    {
        foreach (var key in Table.KeysOf(ifindex))
            Remove(key);
        foreach (var key in Other?.KeysOf(ifindex) ?? [])
            Other!.Remove(key);
        foreach (var link in Links.Values.Where(l => l.Ifindex == ifindex).ToList())
            Links[link.Interface] = link with { Ifindex = 0 };
    }
}
