using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// The two places for a devmap and its entry table, and the word that says which place programs use. A candidate is built in the
/// other place, and one store switches to it. One thread writes; reads are safe on any, and so is waiting for programs. The kernel can
/// switch back by itself (<c>bpf/guard.bpf.c</c>), so the word changes by single steps that leave its other bits alone.
/// </summary>
internal sealed class Slots : IDisposable
{
    private const int HashWords = 3;

    /// <summary>The bit of the place.</summary>
    private const ulong Place = 1;

    /// <summary>One change of actions begins or ends.</summary>
    private const ulong Change = 1ul << 32;

    private readonly string _devmap;
    private readonly FileDescriptor _devmapsWrite;
    private readonly FileDescriptor _tablesWrite;
    private readonly FileDescriptor _waits;
    private readonly MapMemory _switch;

    /// <summary>Opens the pinned slots of a devmap.</summary>
    /// <exception cref="ControlPlaneException">A pin is another kind of object.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public Slots(string devmap, DevmapPins pins)
    {
        _devmap = devmap;
        Devmaps = Pin.OpenMap(pins.Slots, BpfConstants.BPF_F_RDONLY);
        Tables = Pin.OpenMap(pins.Tables, BpfConstants.BPF_F_RDONLY);
        SwitchMap = Pin.OpenMap(pins.Switch, BpfConstants.BPF_F_RDONLY);
        _devmapsWrite = Pin.OpenMap(pins.Slots, BpfConstants.BPF_F_WRONLY);
        _tablesWrite = Pin.OpenMap(pins.Tables, BpfConstants.BPF_F_WRONLY);
        using var word = Pin.OpenMap(pins.Switch, 0);
        _switch = MapMemory.Of(word, writable: true);
        _waits = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_ARRAY_OF_MAPS, "waits", sizeof(uint), 1, new bpf_map_create_opts { inner_map_fd = (uint)SwitchMap.Number });
    }

    /// <summary>The places of devmaps, to read.</summary>
    public FileDescriptor Devmaps { get; }

    /// <summary>The places of entry tables, to read.</summary>
    public FileDescriptor Tables { get; }

    /// <summary>The map of the word, to read.</summary>
    public FileDescriptor SwitchMap { get; }

    /// <summary>The place that programs use, 0 or 1.</summary>
    public uint Active => (uint)State & 1;

    /// <summary>The word that frames go by: the place, whether there are actions, and in the upper half how often they have changed.</summary>
    public ulong State => _switch.Read(0);

    /// <summary>Whether programs look for actions.</summary>
    public bool HasActions => (State & DevmapdConstants.DEVMAPD_HAS_ACTIONS) != 0;

    /// <summary>Whether a change of actions is under way.</summary>
    public bool IsChanging => (State & Change) != 0;

    /// <summary>How the table in the active place is hashed.</summary>
    public devmapd_hash ActiveHash
    {
        get
        {
            var word = WordOfHash(Active);
            return new devmapd_hash { first = _switch.Read(word), second = _switch.Read(word + 1), shift = (uint)_switch.Read(word + 2) };
        }
    }

    private uint Other => Active ^ 1;

    /// <summary>Returns the id of the devmap that programs use; 0 for none.</summary>
    public uint ReadDevmapId() => Read(Devmaps, Active);

    /// <summary>Returns the id of the entry table that programs use; 0 for none.</summary>
    public uint ReadTableId() => Read(Tables, Active);

    /// <summary>Fills the active place again, after others have changed it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Restore(FileDescriptor devmap, IdTable table)
    {
        var place = Active;
        WriteHash(place, table.Hash);
        Write(_tablesWrite, place, table.Map);
        Write(_devmapsWrite, place, devmap);
    }

    /// <summary>Fills the place that no program uses.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Prepare(FileDescriptor devmap, IdTable table)
    {
        PrepareTable(table);
        if (Read(Devmaps, Other) != BpfInfo.OfMap(devmap).id)
            Write(_devmapsWrite, Other, devmap);
    }

    /// <summary>Puts an entry table into the place that no program uses.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void PrepareTable(IdTable table)
    {
        Write(_tablesWrite, Other, table.Map);
        WriteHash(Other, table.Hash);
    }

    /// <summary>Returns the id of the devmap in the place that no program uses; 0 for none.</summary>
    public uint ReadOtherDevmapId() => Read(Devmaps, Other);

    /// <summary>Has programs use the other place, by one store. Those that run now can use the old one until they end.</summary>
    public void Switch() => Use(Other);

    /// <summary>Has programs use a place, whichever they use.</summary>
    public void Use(uint place)
    {
        if (place == 0)
            _switch.And(0, ~Place);
        else
            _switch.Or(0, Place);
    }

    /// <summary>Has programs look for actions. Those that run now do not, until <see cref="WaitForPrograms"/> or any write of a slot returns.</summary>
    public void ShowActions() => _switch.Or(0, DevmapdConstants.DEVMAPD_HAS_ACTIONS);

    /// <summary>Begins or ends a change of actions. A frame that sees either decides again.</summary>
    public void TurnChange()
    {
        _switch.Add(0, Change);
        // Nothing that a change writes must be seen before its begin.
        Thread.MemoryBarrier();
    }

    /// <summary>Lets go of what the old place holds, when no program uses it any more. It gets the active devmap.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Release(FileDescriptor devmap)
    {
        WaitForPrograms();
        ClearOther();
        if (Read(Devmaps, Other) != BpfInfo.OfMap(devmap).id)
            Write(_devmapsWrite, Other, devmap);
    }

    /// <summary>Returns when each program that runs now has ended: the kernel waits for them before a write of a slot returns, whatever slot it is.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void WaitForPrograms() => Write(_waits, 0, SwitchMap);

    /// <summary>Takes the table out of the place that no program uses.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void ClearOther()
    {
        if (Read(Tables, Other) != 0)
            KernelCall.Check(BpfMap.Delete(_tablesWrite, Other), $"bpf_map_delete_elem(tables of devmap {_devmap})");
    }

    /// <summary>Closes the descriptors.</summary>
    public void Dispose()
    {
        Devmaps.Dispose();
        Tables.Dispose();
        SwitchMap.Dispose();
        _waits.Dispose();
        _devmapsWrite.Dispose();
        _tablesWrite.Dispose();
    }

    private static int WordOfHash(uint place) => 1 + ((int)place * HashWords);

    private void WriteHash(uint place, devmapd_hash hash)
    {
        var word = WordOfHash(place);
        _switch.Write(word, hash.first);
        _switch.Write(word + 1, hash.second);
        _switch.Write(word + 2, hash.shift);
    }

    private uint Read(FileDescriptor slots, uint place)
    {
        var result = BpfMap.Lookup<uint>(slots, place, out var id);
        if (result == -Errno.ENOENT)
            return 0;
        KernelCall.Check(result, $"bpf_map_lookup_elem(slot of devmap {_devmap})");
        return id;
    }

    private void Write(FileDescriptor slots, uint place, FileDescriptor map)
    {
        KernelCall.Check(BpfMap.Update(slots, place, map.Number), $"bpf_map_update_elem(slot of devmap {_devmap})");
        GC.KeepAlive(map);
    }
}
