using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// Another entry table on its way to the place of the active one: a larger one, or one with other hashes. The kernel makes it, and waits
/// for programs, beside the writer. The writer copies keys in small steps, follows what changes meanwhile, and switches by one store.
/// </summary>
internal sealed class TableGrowth
{
    private readonly IdTable _from;
    private readonly Slots _slots;
    private readonly FileDescriptor _devmap;
    private readonly Task<IdTable> _made;
    private int _next;
    private Task? _end;

    /// <summary>Begins to make the table.</summary>
    /// <param name="from">The active table.</param>
    /// <param name="keys">The other one is half full with this many keys.</param>
    /// <param name="slots">The slots of both.</param>
    /// <param name="devmap">The map of the elements, which stays the same.</param>
    /// <param name="pin">Where the other table is pinned.</param>
    public TableGrowth(IdTable from, uint keys, Slots slots, FileDescriptor devmap, string pin)
    {
        (_from, _slots, _devmap) = (from, slots, devmap);
        _made = Task.Run(() => Make(keys, pin));
    }

    /// <summary>Whether the table lacks a place for one of the keys. Another one with other hashes is needed.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether keys are still copied, or the kernel still makes the table.</summary>
    public bool IsUnderWay => _end is null && !_made.IsFaulted;

    /// <summary>Whether programs use the table.</summary>
    public bool IsSwitched { get; private set; }

    /// <summary>Whether nothing is left to do: the table is in its place, or was given up.</summary>
    public bool IsOver => _end is { IsCompleted: true } || _made.IsFaulted;

    /// <summary>Waits until the kernel has made the table.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void WaitUntilMade() => _made.GetAwaiter().GetResult();

    /// <summary>Waits until no program uses the table that had to go.</summary>
    public void WaitUntilOver() => Task.WhenAny(_end ?? _made).GetAwaiter().GetResult();

    /// <summary>Copies the keys in a number of places. True if the table has all keys by now.</summary>
    public bool Copy(int places)
    {
        if (!_made.IsCompletedSuccessfully || _end is not null || HasFailed)
            return false;
        for (var end = Math.Min((long)_next + places, _from.Capacity); _next < end; _next++)
        {
            if (_from.EntryAt(_next) is { } entry)
                Add(entry.Key, entry.Id);
        }

        return _next == _from.Capacity && !HasFailed;
    }

    /// <summary>Follows a key that the active table has got, or that has another place there.</summary>
    public void Follow(uint key, uint id)
    {
        // Programs can use the old table until the end.
        if (_end is not null)
        {
            if (!_from.TryAdd(key, id))
                WaitUntilOver();
        }
        else if (_made.IsCompletedSuccessfully)
            Add(key, id);
    }

    /// <summary>Follows a key that the active table has lost.</summary>
    public void Remove(uint key)
    {
        if (_end is not null)
            _from.Remove(key);
        else if (_made.IsCompletedSuccessfully)
            _made.Result.Remove(key);
    }

    /// <summary>Has programs use the table, which is returned.</summary>
    public IdTable Switch()
    {
        _slots.Switch();
        IsSwitched = true;
        _end = Task.Run(() =>
        {
            _slots.Release(_devmap);
            _from.Dispose();
        });
        return _made.Result;
    }

    /// <summary>Gives the table up.</summary>
    public void Abandon(string pin) => _end ??= Task.Run(() =>
    {
        File.Delete(pin);
        _slots.ClearOther();
        _made.Result.Dispose();
    });

    /// <summary>Gives the table up, unless programs use it already, and waits until the place is free. Beside the writer, which knows the growth no more.</summary>
    public void GiveUp(string pin)
    {
        Task.WhenAny(_made).GetAwaiter().GetResult();
        if (_made.IsCompletedSuccessfully)
            Abandon(pin);
        WaitUntilOver();
    }

    private IdTable Make(uint keys, string pin)
    {
        File.Delete(pin);
        var table = IdTable.Create(keys);
        try
        {
            Pin.Make(table.Map, pin);
            _slots.Prepare(_devmap, table);
            return table;
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    private void Add(uint key, uint id)
    {
        var table = _made.Result;
        if (table.Find(key) == 0 && !table.TryAdd(key, id))
            HasFailed = true;
    }
}
