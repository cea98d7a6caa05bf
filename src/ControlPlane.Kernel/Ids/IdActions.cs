using System.Collections.Immutable;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// The actions of ids, in parts of equal size that exist where an entry has actions. An element and its actions change together: a
/// frame sees both as they were or both as they will be, because it decides again when it meets a change (<see cref="Slots.TurnChange"/>).
/// One thread writes; reads are safe on any, and so is making a part.
/// </summary>
internal sealed unsafe class IdActions : IDisposable
{
    /// <summary>The number of keys of a map that serves as the shape of another.</summary>
    public const uint FewKeys = 1;

    private const int Ids = DevmapdConstants.DEVMAPD_PART_IDS;
    private const int ActionWords = 2;
    private const int MostTries = 10_000;

    private readonly DevmapPins _pins;
    private readonly Slots _slots;
    private readonly FileDescriptor _placesWrite;
    private readonly FileDescriptor _countsWrite;
    private readonly MapMemory _change;
    private volatile PartSet _active;
    private volatile PartSet? _other;
    private volatile FileDescriptor? _counts;

    /// <summary>Opens what is pinned of a devmap, and puts into its slots what is missing there.</summary>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public IdActions(DevmapPins pins, Slots slots)
    {
        (_pins, _slots) = (pins, slots);
        _active = new PartSet(slots.Active, isNext: false);
        Places = Pin.OpenMap(pins.ActionParts, BpfConstants.BPF_F_RDONLY);
        CountsPlace = Pin.OpenMap(pins.ActionCounts, BpfConstants.BPF_F_RDONLY);
        ChangeMap = Pin.OpenMap(pins.ActionChange, BpfConstants.BPF_F_RDONLY);
        _placesWrite = Pin.OpenMap(pins.ActionParts, BpfConstants.BPF_F_WRONLY);
        _countsWrite = Pin.OpenMap(pins.ActionCounts, BpfConstants.BPF_F_WRONLY);
        using (var change = Pin.OpenMap(pins.ActionChange, 0))
            _change = MapMemory.Of(change, writable: true);
        if (File.Exists(pins.CountsOfKeys))
            AddCounts();
        foreach (var part in pins.ExistingActions)
        {
            using var map = Pin.OpenMap(pins.Actions(part), BpfConstants.BPF_F_RDONLY);
            PlaceInBoth(part, map);
            AddMade(part);
        }

        // Somebody has written over the word.
        if (_active.Parts.Count > 0 && !slots.HasActions)
        {
            slots.ShowActions();
            slots.WaitForPrograms();
        }
    }

    /// <summary>The slots of the parts, to read.</summary>
    public FileDescriptor Places { get; }

    /// <summary>The slot of the counts by key, to read.</summary>
    public FileDescriptor CountsPlace { get; }

    /// <summary>The map of the element that changes, to read.</summary>
    public FileDescriptor ChangeMap { get; }

    /// <summary>The counts by key, to read; null if no entry has ever had actions.</summary>
    public FileDescriptor? Counts => _counts;

    /// <summary>Whether an entry has actions, or had.</summary>
    public bool Any => _active.Parts.Count > 0 || _other?.Parts.Count > 0;

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<(string Path, FileDescriptor Map)> Held =>
    [
        (_pins.ActionParts, Places), (_pins.ActionCounts, CountsPlace), (_pins.ActionChange, ChangeMap),
        .. _counts is { } counts ? new[] { (_pins.CountsOfKeys, counts) } : [], .. HeldOf(_active), .. _other is { } other ? HeldOf(other) : [],
    ];

    /// <summary>Leaves the pins of the active place, if a crash has left those of a candidate, too.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void KeepActive(DevmapPins pins, Slots slots)
    {
        using var places = Pin.OpenMap(pins.ActionParts, BpfConstants.BPF_F_RDONLY);
        int[] parts = [.. pins.NextActions.Union(pins.ExistingActions)];
        foreach (var (part, path) in parts.SelectMany(p => new[] { (p, DevmapPins.Next(pins.Actions(p))), (p, pins.Actions(p)) }))
        {
            if (!File.Exists(path))
                continue;
            using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
            if (BpfMap.Lookup<uint>(places, SlotOf(part, slots.Active), out var id) != 0 || id != BpfInfo.OfMap(map).id)
                File.Delete(path);
            else if (path != pins.Actions(part))
                File.Move(path, pins.Actions(part), overwrite: true);
        }
    }

    /// <summary>Creates a part without any actions.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor CreatePart() => BpfMap.Create(
        BpfConstants.BPF_MAP_TYPE_ARRAY, "actions", (uint)sizeof(devmapd_actions), Ids, new bpf_map_create_opts { map_flags = BpfConstants.BPF_F_MMAPABLE });

    /// <summary>Creates the counts of so many keys.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor CreateCounts(uint keys) =>
        BpfMap.Create(BpfConstants.BPF_MAP_TYPE_LRU_PERCPU_HASH, "action_counts", (uint)sizeof(devmapd_action_count), keys);

    /// <summary>
    /// Returns the actions of an id. Waits while an element and its actions change, which takes a system call; not for ever, because somebody
    /// else can have written over the word that says so.
    /// </summary>
    public devmapd_actions Read(uint id)
    {
        if (!_active.Parts.TryGetValue(PartOf(id), out var part))
            return default;
        var words = stackalloc ulong[ActionWords];
        for (var left = MostTries; ; left--)
        {
            var state = _slots.State;
            for (var word = 0; word < ActionWords; word++)
                words[word] = part.Memory.Read(WordOf(id) + word);
            // The two words are written by one change.
            if ((_slots.State == state && !_slots.IsChanging) || left == 0)
                return *(devmapd_actions*)words;
            Thread.Yield();
        }
    }

    /// <summary>Takes the actions of an id away, whose element was removed.</summary>
    public void Clear(uint id)
    {
        if (_active.Parts.ContainsKey(PartOf(id)) && Read(id).flags != 0)
            Write(_active, id, default);
    }

    /// <summary>Begins other actions for the table in the other place. All are empty. Beside the writer: this waits for the kernel.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void BeginOther()
    {
        var other = new PartSet(_active.Place ^ 1, isNext: !_active.IsNext);
        ClearSlots(other.Place, _active.Parts);
        foreach (var part in _active.Parts.Keys)
            AddMade(other, part, Make(other, part));
        _other = other;
    }

    /// <summary>Returns the actions of an id in the other table.</summary>
    public devmapd_actions ReadOther(uint id)
    {
        if (_other?.Parts.TryGetValue(PartOf(id), out var part) != true)
            return default;
        var actions = default(devmapd_actions);
        for (var word = 0; word < ActionWords; word++)
            ((ulong*)&actions)[word] = part!.Memory.Read(WordOf(id) + word);
        return actions;
    }

    /// <summary>Sets the actions of an id in the other table. The first time in a part that the active table does not have, this waits for the kernel.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void WriteOther(uint id, devmapd_actions actions)
    {
        var (other, part) = (_other!, PartOf(id));
        if (!other.Parts.ContainsKey(part))
        {
            // The slot can have the part of the active table, with actions that the id has there.
            if (actions.flags == 0 && !_active.Parts.ContainsKey(part))
                return;
            MakeCounts();
            AddMade(other, part, Make(other, part));
        }

        Write(other, id, actions);
    }

    /// <summary>The other table has become the active one.</summary>
    public void Switch() => (_active, _other) = (_other!, _active);

    /// <summary>Gives the actions of the other table up. Their pins are removed, and those of the active table get their places.</summary>
    public void ReleaseOther()
    {
        if (_other is not { } other)
            return;
        foreach (var (part, (map, _)) in other.Parts)
        {
            File.Delete(PathOf(other, part));
            map.Dispose();
        }

        _other = null;
        if (!_active.IsNext)
            return;
        foreach (var part in _pins.ExistingActions.Except(_active.Parts.Keys))
            File.Delete(_pins.Actions(part));
        foreach (var part in _active.Parts.Keys)
            File.Move(PathOf(_active, part), _pins.Actions(part), overwrite: true);
        _active.IsNext = false;
    }

    /// <summary>Has both places have the actions of the active table. Beside the writer: this waits for the kernel.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void FillOther()
    {
        var (parts, place) = (_active.Parts, _active.Place ^ 1);
        foreach (var (part, (map, _)) in parts)
            Place(part, place, map);
        ClearSlots(place, parts);
    }

    /// <summary>Makes room for the actions of an id. The first time in each part, this waits for the kernel.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void MakeRoom(uint id)
    {
        if (_active.Parts.ContainsKey(PartOf(id)))
            return;
        MakeCounts();
        Make(PartOf(id));
        AddMade(PartOf(id));
    }

    private void MakeCounts()
    {
        if (_counts is null)
        {
            PinFolder.Create(_pins.ActionsFolder);
            File.Delete(_pins.CountsOfKeys);
            using var counts = CreateCounts(DevmapdConstants.DEVMAPD_ACTION_COUNTS);
            Pin.Make(counts, _pins.CountsOfKeys);
            AddCounts();
        }

        // A program that does not look for actions yet has ended before the first slot is written.
        if (!_slots.HasActions)
            _slots.ShowActions();
    }

    /// <summary>Makes a part of the active table, pins it and puts it into its slots. Safe beside the writer.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Make(int part) => Make(_active, part);

    /// <summary>Adds a part of the active table that was made; nothing if it was not.</summary>
    /// <exception cref="ControlPlaneException">The pin is not a part.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void AddMade(int part)
    {
        if (PathOf(_active, part) is var path && !_active.Parts.ContainsKey(part) && File.Exists(path))
            AddMade(_active, part, path);
    }

    /// <summary>
    /// Changes an element and its actions together. A frame that meets the change goes by the element that it finds, and by the actions
    /// that belong to that one.
    /// </summary>
    /// <param name="id">The id, which has room.</param>
    /// <param name="change">The key, with its element and actions before and after.</param>
    /// <param name="changeElement">Changes the element.</param>
    /// <exception cref="KernelException">The element stays as it is, and so do its actions.</exception>
    public void Change(uint id, devmapd_change change, Action changeElement)
    {
        var words = (ulong*)&change;
        for (var word = 0; word < _change.Words && word < sizeof(devmapd_change) / sizeof(ulong); word++)
            _change.Write(word, words[word]);
        _slots.TurnChange();
        try
        {
            changeElement();
            Write(_active, id, change.after.actions);
        }
        finally
        {
            _slots.TurnChange();
        }
    }

    /// <summary>Ends a change that a crash has cut off: the actions become those of the element that is there.</summary>
    /// <param name="idOf">Returns the id of a key; 0 for none.</param>
    /// <param name="find">Returns the element of a key, with its egress program; an ifindex of 0 for none.</param>
    public void FinishChange(Func<uint, uint> idOf, Func<uint, bpf_devmap_val_read> find)
    {
        if (!_slots.IsChanging)
            return;
        devmapd_change change = default;
        for (var word = 0; word < sizeof(devmapd_change) / sizeof(ulong); word++)
            ((ulong*)&change)[word] = _change.Read(word);
        var (id, element) = (idOf(change.key), find(change.key));
        if (_active.Parts.ContainsKey(PartOf(id)) && id != 0)
        {
            var isAfter = element.ifindex == change.after.ifindex && element.bpf_prog_id == change.after.program;
            Write(_active, id, element.ifindex == 0 ? default : isAfter ? change.after.actions : change.before.actions);
        }

        _slots.TurnChange();
    }

    /// <summary>Closes the descriptors.</summary>
    public void Dispose()
    {
        foreach (var part in _active.Parts.Values.Concat(_other?.Parts.Values ?? []))
            part.Map.Dispose();
        _counts?.Dispose();
        Places.Dispose();
        CountsPlace.Dispose();
        ChangeMap.Dispose();
        _placesWrite.Dispose();
        _countsWrite.Dispose();
    }

    private static int PartOf(uint id) => (int)(id >> DevmapdConstants.DEVMAPD_PART_SHIFT);

    private static int WordOf(uint id) => (int)(id % Ids) * ActionWords;

    private static uint SlotOf(int part, uint place) => ((uint)part * 2) + place;

    // Parts that a table has left in its place.
    private void ClearSlots(uint place, ImmutableSortedDictionary<int, Part> except)
    {
        for (var part = (int)BpfInfo.OfMap(Places).max_entries / 2 - 1; part >= 0; part--)
        {
            if (!except.ContainsKey(part) && BpfMap.Lookup<uint>(Places, SlotOf(part, place), out _) == 0)
                KernelCall.Check(BpfMap.Delete(_placesWrite, SlotOf(part, place)), $"bpf_map_delete_elem({_pins.ActionParts})");
        }
    }

    private string PathOf(PartSet set, int part) => set.IsNext ? DevmapPins.Next(_pins.Actions(part)) : _pins.Actions(part);

    private IEnumerable<(string Path, FileDescriptor Map)> HeldOf(PartSet set) => set.Parts.Select(p => (PathOf(set, p.Key), p.Value.Map));

    // A part that was made and not placed is left by a refusal. Without another table both places have it, so that an entry table that grows takes all actions along.
    private string Make(PartSet set, int part)
    {
        PinFolder.Create(_pins.ActionsFolder);
        var path = PathOf(set, part);
        File.Delete(path);
        using var map = CreatePart();
        Pin.Make(map, path);
        if (_other is null && ReferenceEquals(set, _active))
            PlaceInBoth(part, map);
        else
            Place(part, set.Place, map);
        return path;
    }

    private static void AddMade(PartSet set, int part, string path)
    {
        using var map = Pin.OpenMap(path, 0);
        var memory = MapMemory.Of(map, writable: true);
        if (memory.Words != Ids * ActionWords)
            throw Pin.Foreign(path, "it is not a part of the actions that the devmap's programs use");
        set.Parts = set.Parts.Add(part, new Part(Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY), memory));
    }

    private static void Write(PartSet set, uint id, devmapd_actions actions)
    {
        var memory = set.Parts[PartOf(id)].Memory;
        var words = (ulong*)&actions;
        for (var word = 0; word < ActionWords; word++)
            memory.Write(WordOf(id) + word, words[word]);
    }

    private void AddCounts()
    {
        var counts = Pin.OpenMap(_pins.CountsOfKeys, BpfConstants.BPF_F_RDONLY);
        if (BpfMap.Lookup<uint>(CountsPlace, 0, out var id) != 0 || id != BpfInfo.OfMap(counts).id)
        {
            using var map = Pin.OpenMap(_pins.CountsOfKeys, 0);
            KernelCall.Check(BpfMap.Update(_countsWrite, 0, map.Number), $"bpf_map_update_elem({_pins.ActionCounts})");
        }

        _counts = counts;
    }

    private void PlaceInBoth(int part, FileDescriptor map)
    {
        Place(part, 0, map);
        Place(part, 1, map);
    }

    // Each write of a slot waits for programs.
    private void Place(int part, uint place, FileDescriptor map)
    {
        var slot = SlotOf(part, place);
        if (BpfMap.Lookup<uint>(Places, slot, out var id) != 0 || id != BpfInfo.OfMap(map).id)
            KernelCall.Check(BpfMap.Update(_placesWrite, slot, map.Number), $"bpf_map_update_elem({_pins.ActionParts})");
        GC.KeepAlive(map);
    }

    private sealed record Part(FileDescriptor Map, MapMemory Memory);

    /// <summary>The parts of the table in one place.</summary>
    private sealed class PartSet(uint place, bool isNext)
    {
        public uint Place => place;

        /// <summary>Whether the pins are those beside the ones of a devmap with one table.</summary>
        public bool IsNext { get; set; } = isNext;

        public volatile ImmutableSortedDictionary<int, Part> Parts = ImmutableSortedDictionary<int, Part>.Empty;
    }
}
