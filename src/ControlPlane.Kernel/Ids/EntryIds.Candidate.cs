using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// The ids of a second table. A key has the same id in both tables, and so one counter, whichever of them programs use. While there is a
/// second table, or the kernel still frees one, no table grows: both need the other place.
/// </summary>
internal sealed partial class EntryIds
{
    private IdTable? _other;
    private string _tablePin;
    private bool _isOtherTaken;
    private Task<List<(uint Key, uint Id)>>? _release;

    // Ids that keys have lost while the kernel frees a table which may know them, too.
    private readonly HashSet<uint> _lostMeanwhile = [];

    private string OtherPin => _tablePin == _pins.Table ? DevmapPins.Next(_pins.Table) : _pins.Table;

    /// <summary>
    /// Takes the other place. Returns a function that makes the entry table there, for <see cref="BeginOther"/>. It runs beside the writer, and waits for the
    /// kernel and for the end of the table that was in the place before.
    /// </summary>
    /// <param name="devmap">The map of the elements.</param>
    /// <param name="keys">How many keys the table gets.</param>
    public Func<IdTable> TakeOther(Func<FileDescriptor> devmap, uint keys)
    {
        var (growth, release, pin) = (_growth, _release, OtherPin);
        (_growth, _isOtherTaken) = (null, true);
        return () =>
        {
            growth?.GiveUp(pin);
            if (release is not null)
                Task.WhenAny(release).GetAwaiter().GetResult();
            File.Delete(pin);
            var map = devmap();
            var table = IdTable.Create(keys);
            try
            {
                Pin.Make(table.Map, pin);
                _actions.BeginOther();
                _slots.Prepare(map, table);
                return table;
            }
            catch
            {
                table.Dispose();
                throw;
            }
        };
    }

    /// <summary>Begins to give ids to keys of the table that was made.</summary>
    public void BeginOther(IdTable table)
    {
        Gather();
        _other = table;
    }

    /// <summary>Gives a key of the other table its id: the one that it has already, or a new one that counts from zero.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isInActive">Whether the active table has an element of the key.</param>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void AddToOther(uint key, Func<bool> isInActive)
    {
        if (OwnId(key) is { } own)
        {
            if (!isInActive())
                _counters.Start(own);
            return;
        }

        if (_other!.Find(key) != 0)
            return;
        var known = _table.Find(key);
        var id = known == 0 ? Take() : known;
        if (known == 0)
            _counters.Start(id);
        try
        {
            while (!_other.TryAdd(key, id))
                Rehash();
        }
        catch
        {
            if (known == 0)
                _pool.Return(id);
            throw;
        }
    }

    /// <summary>Takes a key out of the other table.</summary>
    public void RemoveFromOther(uint key)
    {
        if (OtherIdOf(key) is > 0 and var known)
            _actions.WriteOther(known, default);
        if (OwnId(key) is null && _other!.Remove(key) is > 0 and var id && _table.Find(key) != id)
            Rest(id);
    }

    /// <summary>Sets the actions of a key in the other table. A key without an id has none.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void SetOtherActions(uint key, devmapd_actions actions)
    {
        if (OtherIdOf(key) is > 0 and var id)
            _actions.WriteOther(id, actions);
    }

    /// <summary>Returns the actions of a key in the other table; nothing without an id.</summary>
    public devmapd_actions OtherActionsOf(uint key) => OtherIdOf(key) is > 0 and var id ? _actions.ReadOther(id) : default;

    /// <summary>Has programs use the other table, unless they do, and changes the parts of the two.</summary>
    /// <param name="devmap">The map of the elements of that table.</param>
    /// <param name="use">Switches the place, or fails and changes nothing.</param>
    public void Switch(FileDescriptor devmap, Action use)
    {
        use();
        var pin = OtherPin;
        (_table, _other, _devmap, _tablePin) = (_other!, _table, devmap, pin);
        _actions.Switch();
    }

    /// <summary>Gives the other table up. Its pins are removed at once; the kernel frees it beside the writer, when no program uses it any more.</summary>
    /// <param name="isRemoved">Whether the kernel has no element of a key any more in the active table.</param>
    /// <param name="released">Called in the end, beside the writer.</param>
    public void ReleaseOther(Func<uint, bool> isRemoved, Action released)
    {
        var (old, active, devmap) = (_other, _table, _devmap);
        File.Delete(OtherPin);
        if (_tablePin != _pins.Table)
            File.Move(_tablePin, _pins.Table, overwrite: true);
        _tablePin = _pins.Table;
        _actions.ReleaseOther();
        (_other, _isOtherTaken) = (null, false);
        _lostMeanwhile.Clear();
        _release = BesideWriter.Run(() =>
        {
            _slots.Release(devmap);
            _actions.FillOther();
            var lost = old is null ? [] : old.Entries.Where(e => active.Find(e.Key) != e.Id).ToList();
            for (var key = 0u; FirstId(_definition) != 1 && key < DevmapdConstants.DEVMAPD_OWN_IDS; key++)
            {
                if (_counters.Read(key + 1).packets != 0 && isRemoved(key))
                    lost.Add((key, 0));
            }

            old?.Dispose();
            released();
            return lost;
        });
    }

    private uint OtherIdOf(uint key) => OwnId(key) ?? _other!.Find(key);

    private void Rest(uint id)
    {
        if (_release is not null)
            _lostMeanwhile.Add(id);
        _pool.Rest(id);
    }

    private bool HasRoomBeside()
    {
        if (_release is { IsCompleted: true })
            Gather();
        return !_isOtherTaken && _release is null;
    }

    private void WaitForRelease()
    {
        if (_release is { } release)
            Task.WhenAny(release).GetAwaiter().GetResult();
        Gather();
    }

    // Keys of their own ids count from zero again; the ids of the others rest. After a refusal of the kernel they are lost until the next start.
    private void Gather()
    {
        if (_release is not { IsCompleted: true } release)
            return;
        _release = null;
        foreach (var (key, id) in release.IsCompletedSuccessfully ? release.Result : [])
        {
            if (id == 0)
                _counters.Start(key + 1);
            else if (!_lostMeanwhile.Contains(id))
                _pool.Rest(id);
        }
    }

    // Another table with other hashes: this one lacks a place for a key, although it is far from full.
    private void Rehash()
    {
        var from = _other!;
        for (var attempt = 1; ; attempt++)
        {
            var table = IdTable.Create((uint)(attempt > Hashes || 2 * (from.Count + 1) > from.Capacity ? from.Capacity : from.Capacity / 2));
            if (!from.Entries.All(e => table.TryAdd(e.Key, e.Id)))
            {
                table.Dispose();
                continue;
            }

            File.Delete(OtherPin);
            Pin.Make(table.Map, OtherPin);
            _slots.PrepareTable(table);
            _other = table;
            from.Dispose();
            return;
        }
    }
}

/// <summary>Work that waits for the kernel beside the writer. On a thread of its own: the few of the pool serve requests.</summary>
internal static class BesideWriter
{
    /// <summary>Begins the work.</summary>
    public static Task<T> Run<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
