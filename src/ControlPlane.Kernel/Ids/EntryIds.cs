using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// The ids of a devmap's entries, and the counters that programs keep under them. In a small key space the low keys are their own
/// ids; all others are in the entry table. Reads are safe on any thread; the rest is for the writer's.
/// </summary>
internal sealed class EntryIds : IDisposable
{
    private const uint PartIds = DevmapdConstants.DEVMAPD_PART_IDS;

    /// <summary>So many ids rest before programs are waited for, unless there is no other id.</summary>
    private const int MostResting = DevmapdConstants.DEVMAPD_PART_IDS / 2;

    /// <summary>Seeds to try before a table grows.</summary>
    private const int Seeds = 4;

    private readonly DevmapRecord _definition;
    private readonly DevmapPins _pins;
    private readonly Slots _slots;
    private readonly FileDescriptor _devmap;
    private readonly FileDescriptor _moreCounts;
    private readonly IdCounters _counters;
    private readonly Stack<uint> _free = [];
    private readonly List<uint> _resting = [];
    private volatile IdTable _table;

    /// <summary>Opens the pinned table and counters of a devmap.</summary>
    /// <param name="definition">The devmap.</param>
    /// <param name="pins">Its pins.</param>
    /// <param name="slots">Its slots.</param>
    /// <param name="devmap">The map of its elements. The caller keeps it open.</param>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public EntryIds(DevmapRecord definition, DevmapPins pins, Slots slots, FileDescriptor devmap)
    {
        (_definition, _pins, _slots, _devmap) = (definition, pins, slots, devmap);
        EntryMaps.FinishGrowth(pins, slots);
        _table = IdTable.Open(pins.Table, slots.ActiveHash);
        _table.RemoveCopies();
        _moreCounts = Pin.OpenMap(pins.MoreCounts, BpfConstants.BPF_F_WRONLY);
        _counters = new IdCounters(pins.ExistingCounts);
        for (var part = 1; part < _counters.Maps.Count; part++)
            Place(part);
        var used = _table.Entries.Select(e => e.Id).ToHashSet();
        for (var id = FirstId(definition); id < _counters.End; id++)
        {
            if (!used.Contains(id))
                _resting.Add(id);
        }
    }

    /// <summary>The entry table.</summary>
    public IdTable Table => _table;

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<(string Path, FileDescriptor Map)> Held =>
        [(_pins.Table, _table.Map), .. _counters.Maps.Select((map, part) => (_pins.Counts(part), map))];

    /// <summary>Returns how many parts of counters a devmap can have: the ids of all entries, of those that rest, and those that keys own.</summary>
    public static uint MostParts(DevmapRecord definition) =>
        (FirstId(definition) + definition.Spec.MaxEntries + MostResting + PartIds - 1) / PartIds;

    /// <summary>Has a key count from zero under an id of its own. Before the key's element is written, so that each frame is counted.</summary>
    /// <exception cref="KernelException">The kernel refused. The key may have lost its id.</exception>
    public void Begin(uint key)
    {
        if (OwnId(key) is { } own)
        {
            _counters.Start(own);
            return;
        }

        End(key);
        var id = Take();
        _counters.Start(id);
        try
        {
            if (2 * (_table.Count + 1) > _table.Capacity)
                Rebuild();
            while (!_table.TryAdd(key, id))
                Rebuild();
        }
        catch
        {
            _free.Push(id);
            throw;
        }
    }

    /// <summary>Takes the id of a key back. After the key's element was removed, so that each frame is counted.</summary>
    public void End(uint key)
    {
        if (OwnId(key) is { } own)
            _counters.Start(own);
        else if (_table.Remove(key) is > 0 and var id)
            _resting.Add(id);
    }

    /// <summary>Has a key, which was not counted here before, count on from what was counted elsewhere.</summary>
    public void CountOn(uint key, devmapd_counter counted)
    {
        if (IdOf(key) is > 0 and var id)
            _counters.CountOn(id, counted);
    }

    /// <summary>Whether frames of this key are counted under an id of its own.</summary>
    public bool Knows(uint key) => IdOf(key) is > 0 and var id && id < _counters.End;

    /// <summary>Returns the frames that were redirected by a key since it got its id; zero without an id.</summary>
    public devmapd_counter Read(uint key)
    {
        var id = IdOf(key);
        var counter = id == 0 ? default : _counters.Read(id);
        // The id can be another key's by now.
        return IdOf(key) == id ? counter : default;
    }

    /// <summary>Returns all frames that were ever redirected.</summary>
    public devmapd_counter Total() => _counters.Total();

    /// <summary>Takes back the ids of counted keys whose elements the kernel has removed with their devices while no daemon ran.</summary>
    /// <param name="hasElement">Whether the kernel has an element.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void EndGone(Func<uint, bool> hasElement)
    {
        var own = Enumerable.Range(0, FirstId(_definition) == 1 ? 0 : DevmapdConstants.DEVMAPD_OWN_IDS).Select(key => (uint)key);
        foreach (var key in own.Concat(_table.Entries.Select(e => e.Key)).Where(key => Read(key).packets != 0 && !hasElement(key)).ToArray())
            End(key);
    }

    /// <summary>Closes the descriptors.</summary>
    public void Dispose()
    {
        _table.Dispose();
        _counters.Dispose();
        _moreCounts.Dispose();
    }

    // Id 0 counts what no table knows. Where keys are their own ids, those fill the first part.
    private static uint FirstId(DevmapRecord definition) => definition.Spec.KeySelector.HasFewKeys ? PartIds : 1;

    private uint? OwnId(uint key) => FirstId(_definition) != 1 && key < DevmapdConstants.DEVMAPD_OWN_IDS ? key + 1 : null;

    private uint IdOf(uint key) => OwnId(key) ?? _table.Find(key);

    // An id that a key has lost rests until no program that has found it can still count under it.
    private uint Take()
    {
        if (_free.Count == 0 && _counters.Maps.Count < MostParts(_definition) && _resting.Count < MostResting)
            AddPart();
        if (_free.Count == 0)
            Wake();
        if (_free.Count == 0)
        {
            foreach (var key in _table.Entries.Select(e => e.Key).Where(key => BpfMap.Lookup<ulong>(_devmap, key, out _) == -Errno.ENOENT).ToArray())
                End(key);
            Wake();
        }

        return _free.TryPop(out var id) ? id : throw KernelCall.Failure($"new entry id(devmap {_definition.Name})", Errno.E2BIG);
    }

    private void Wake()
    {
        if (_resting.Count == 0)
            return;
        _slots.WaitForPrograms(_table);
        for (var i = _resting.Count - 1; i >= 0; i--)
            _free.Push(_resting[i]);
        _resting.Clear();
    }

    private void AddPart()
    {
        var part = _counters.Maps.Count;
        using (var map = IdCounters.CreatePart(IdCounters.PartSize))
            Pin.Make(map, _pins.Counts(part));
        _counters.Add(_pins.Counts(part));
        Place(part);
        for (var id = _counters.End - 1; id >= _counters.End - PartIds; id--)
            _free.Push(id);
    }

    private void Place(int part)
    {
        var map = _counters.Maps[part];
        KernelCall.Check(BpfMap.Update(_moreCounts, (uint)part - 1, map.Number), $"bpf_map_update_elem(counts of devmap {_definition.Name})");
        GC.KeepAlive(map);
    }

    /// <summary>Moves the keys to another table, with other hashes, and a larger one if this one is half full.</summary>
    private void Rebuild()
    {
        var old = _table;
        var next = DevmapPins.Next(_pins.Table);
        File.Delete(next);
        devmapd_hash hash;
        using (var built = Copy(old))
        {
            hash = built.Hash;
            Pin.Make(built.Map, next);
        }

        var table = IdTable.Open(next, hash);
        _slots.Prepare(_devmap, table);
        _slots.SwitchOver(_devmap, table);
        _table = table;
        File.Move(next, _pins.Table, overwrite: true);
        old.Dispose();
    }

    private static IdTable Copy(IdTable from)
    {
        var keys = 2 * (from.Count + 1) > from.Capacity ? from.Capacity : from.Capacity / 2;
        for (var attempt = 1; ; attempt++)
        {
            var table = IdTable.Create((uint)keys);
            if (from.Entries.All(e => table.TryAdd(e.Key, e.Id)))
                return table;
            table.Dispose();
            if (attempt % Seeds == 0)
                keys *= 2;
        }
    }
}
