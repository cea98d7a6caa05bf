using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// The ids of a devmap's entries, the counters that programs keep under them, and the actions that they read there. In a small key space the low keys are their own
/// ids; all others are in the entry table. Reads are safe on any thread; the rest is for the writer's.
/// </summary>
internal sealed partial class EntryIds : IDisposable
{
    private const uint PartIds = DevmapdConstants.DEVMAPD_PART_IDS;

    /// <summary>Hashes to try before a table grows.</summary>
    private const int Hashes = 4;

    /// <summary>The places that are copied for each new key: a table that is half full gets an eighth more keys until all is copied.</summary>
    private const int PlacesPerStep = 16;

    private readonly DevmapRecord _definition;
    private readonly DevmapPins _pins;
    private readonly Slots _slots;
    private readonly IdCounters _counters;
    private readonly IdActions _actions;
    private readonly IdPool _pool;
    private FileDescriptor _devmap;
    private volatile IdTable _table;
    private TableGrowth? _growth;
    private int _growAt;

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
        _tablePin = pins.Table;
        _table = IdTable.Open(pins.Table, slots.ActiveHash);
        _table.RemoveCopies();
        _counters = new IdCounters(pins.ExistingCounts);
        _actions = new IdActions(pins, slots);
        _actions.FinishChange(IdOf, key => BpfMap.Lookup<bpf_devmap_val_read>(devmap, key, out var element) == 0 ? element : default);
        _pool = new IdPool(pins, slots, _counters, _actions);
        var used = _table.Entries.Select(e => e.Id).ToHashSet();
        for (var id = FirstId(definition); id < _counters.End; id++)
        {
            if (!used.Contains(id))
                _pool.Rest(id);
        }
    }

    /// <summary>The entry table.</summary>
    public IdTable Table => _table;

    /// <summary>Whether an entry has actions, or had.</summary>
    public bool HaveActions => _actions.Any;

    /// <summary>The counts of frames that actions could not be applied to, by key; null if no entry has ever had actions.</summary>
    public FileDescriptor? ActionCounts => _actions.Counts;

    /// <summary>Whether programs use the table, by its hashes.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public bool IsInPlace => _slots.ReadTableId() == BpfInfo.OfMap(_table.Map).id && _slots.ActiveHash.Equals(_table.Hash);

    /// <summary>How the table is used.</summary>
    public EntryTableUse Use
    {
        get
        {
            var table = _table;
            return new(table.Count, table.Capacity, (double)table.Count / table.Capacity, sizeof(ulong) * (long)table.Capacity, _counters.Bytes);
        }
    }

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<(string Path, FileDescriptor Map)> Held =>
        [(_tablePin, _table.Map), .. _other is { } other ? new[] { (OtherPin, other.Map) } : [], .. _counters.Maps.Select((map, part) => (_pins.Counts(part), map)), .. _actions.Held];

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
        // A key has one id in both tables.
        var known = _other?.Find(key) ?? 0;
        var id = known == 0 ? Take() : known;
        _counters.Start(id);
        try
        {
            Grow();
            while (!TryAdd(key, id))
                GrowNow();
        }
        catch
        {
            if (known == 0)
                _pool.Return(id);
            throw;
        }
    }

    /// <summary>Takes the id of a key back. After the key's element was removed, so that each frame is counted.</summary>
    public void End(uint key)
    {
        if (OwnId(key) is { } own)
        {
            _actions.Clear(own);
            _counters.Start(own);
        }
        else if (_table.Remove(key) is > 0 and var id)
        {
            _growth?.Remove(key);
            _actions.Clear(id);
            if (_other?.Find(key) != id)
                Rest(id);
        }
    }

    /// <summary>Returns the actions of a key; nothing without an id.</summary>
    public devmapd_actions ActionsOf(uint key)
    {
        while (true)
        {
            var id = IdOf(key);
            var actions = id == 0 ? default : _actions.Read(id);
            // The id can be another key's by now.
            if (IdOf(key) == id)
                return actions;
        }
    }

    /// <summary>Changes an element and its actions together. The key has an id.</summary>
    /// <param name="change">The key, with its element and actions before and after.</param>
    /// <param name="changeElement">Changes the element.</param>
    /// <exception cref="KernelException">The kernel refused. The element stays as it is, and so do its actions.</exception>
    public void Change(devmapd_change change, Action changeElement)
    {
        var id = IdOf(change.key);
        _actions.MakeRoom(id);
        _actions.Change(id, change, changeElement);
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

    /// <summary>Takes back the ids of keys with counts or actions whose elements the kernel has removed with their devices while no daemon ran.</summary>
    /// <param name="hasElement">Whether the kernel has an element.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void EndGone(Func<uint, bool> hasElement)
    {
        var own = Enumerable.Range(0, FirstId(_definition) == 1 ? 0 : DevmapdConstants.DEVMAPD_OWN_IDS).Select(key => (uint)key);
        foreach (var key in own.Concat(_table.Entries.Select(e => e.Key)).Where(key => (Read(key).packets != 0 || ActionsOf(key).flags != 0) && !hasElement(key)).ToArray())
            End(key);
    }

    /// <summary>Waits for what runs beside the writer.</summary>
    public void Settle()
    {
        _growth?.WaitUntilOver();
        WaitForRelease();
        _pool.Settle();
    }

    /// <summary>Waits for what runs beside the writer, and closes the descriptors.</summary>
    public void Dispose()
    {
        Settle();
        _other?.Dispose();
        _pool.Dispose();
        _table.Dispose();
        _actions.Dispose();
        _counters.Dispose();
    }

    // Id 0 counts what no table knows. Where keys are their own ids, those fill the first part.
    private static uint FirstId(DevmapRecord definition) => definition.Spec.KeySelector.HasFewKeys ? PartIds : 1;

    private uint? OwnId(uint key) => FirstId(_definition) != 1 && key < DevmapdConstants.DEVMAPD_OWN_IDS ? key + 1 : null;

    private uint IdOf(uint key) => OwnId(key) ?? _table.Find(key);

    private uint Take()
    {
        if (_pool.TryTake(out var id))
            return id;
        // The kernel has removed elements with their devices.
        foreach (var key in _table.Entries.Select(e => e.Key).Where(key => BpfMap.Lookup<ulong>(_devmap, key, out _) == -Errno.ENOENT).ToArray())
            End(key);
        return _pool.TryTake(out id) ? id : throw KernelCall.Failure($"new entry id(devmap {_definition.Name})", Errno.E2BIG);
    }

    private bool TryAdd(uint key, uint id)
    {
        if (!_table.TryAdd(key, id, out var moved))
            return false;
        if (moved is { } other)
            _growth?.Follow(other.Key, other.Id);
        _growth?.Follow(key, id);
        return true;
    }

    /// <summary>Goes on with what makes a table larger that is half full. Nothing here takes long.</summary>
    private void Grow()
    {
        if (!HasRoomBeside())
            return;
        if (_growth is { IsOver: true })
        {
            // After a refusal, or if the hashes do not suit, another try comes a little later.
            _growAt = _growth.HasFailed || !_growth.IsSwitched ? _table.Count + (_table.Capacity / 32) : 0;
            _growth = null;
        }

        if (_growth is null)
        {
            if (2 * (_table.Count + 1) > _table.Capacity && _table.Count >= _growAt)
                _growth = GrowthTo((uint)_table.Capacity);
        }
        else if (_growth.Copy(PlacesPerStep))
        {
            Switch(_growth);
        }
        else if (_growth.HasFailed)
        {
            _growth.Abandon(DevmapPins.Next(_pins.Table));
        }
    }

    /// <summary>Has the keys in another table, and waits for it: the active one lacks a place for a key, although it is far from full.</summary>
    private void GrowNow()
    {
        if (_isOtherTaken)
            throw KernelCall.Failure($"new entry table(devmap {_definition.Name}, whose other place is in use)", Errno.EBUSY);
        WaitForRelease();
        if (_growth is { IsUnderWay: false })
        {
            _growth.WaitUntilOver();
            _growth = null;
        }

        for (var attempt = 1; ; attempt++)
        {
            var larger = 2 * (_table.Count + 1) > _table.Capacity || attempt > Hashes;
            var growth = _growth ??= GrowthTo((uint)(larger ? _table.Capacity : _table.Capacity / 2));
            try
            {
                growth.WaitUntilMade();
            }
            catch
            {
                _growth = null;
                throw;
            }

            if (growth.Copy(_table.Capacity))
            {
                Switch(growth);
                return;
            }

            growth.Abandon(DevmapPins.Next(_pins.Table));
            growth.WaitUntilOver();
            _growth = null;
        }
    }

    private TableGrowth GrowthTo(uint keys) => new(_table, keys, _slots, _devmap, DevmapPins.Next(_pins.Table));

    private void Switch(TableGrowth growth)
    {
        _table = growth.Switch();
        File.Move(DevmapPins.Next(_pins.Table), _pins.Table, overwrite: true);
    }
}
