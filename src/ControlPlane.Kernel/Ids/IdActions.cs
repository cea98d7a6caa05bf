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
    private volatile ImmutableSortedDictionary<int, Part> _parts = ImmutableSortedDictionary<int, Part>.Empty;
    private volatile FileDescriptor? _counts;

    /// <summary>Opens what is pinned of a devmap, and puts into its slots what is missing there.</summary>
    /// <exception cref="ControlPlaneException">A pin is not ours.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public IdActions(DevmapPins pins, Slots slots)
    {
        (_pins, _slots) = (pins, slots);
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
            PlaceMissing(part, map);
            AddMade(part);
        }

        // Somebody has written over the word.
        if (_parts.Count > 0 && !slots.HasActions)
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
    public bool Any => _parts.Count > 0;

    /// <summary>The objects with their pins.</summary>
    public IEnumerable<(string Path, FileDescriptor Map)> Held =>
    [
        (_pins.ActionParts, Places), (_pins.ActionCounts, CountsPlace), (_pins.ActionChange, ChangeMap),
        .. _counts is { } counts ? new[] { (_pins.CountsOfKeys, counts) } : [], .. _parts.Select(p => (_pins.Actions(p.Key), p.Value.Map)),
    ];

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
        if (!_parts.TryGetValue(PartOf(id), out var part))
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
        if (_parts.ContainsKey(PartOf(id)) && Read(id).flags != 0)
            Write(id, default);
    }

    /// <summary>Makes room for the actions of an id. The first time in each part, this waits for the kernel.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void MakeRoom(uint id)
    {
        if (_parts.ContainsKey(PartOf(id)))
            return;
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
        Make(PartOf(id));
        AddMade(PartOf(id));
    }

    /// <summary>Makes a part, pins it and puts it into its slots.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Make(int part)
    {
        // A part that was made and not placed is left by a refusal.
        PinFolder.Create(_pins.ActionsFolder);
        File.Delete(_pins.Actions(part));
        using var map = CreatePart();
        Pin.Make(map, _pins.Actions(part));
        PlaceMissing(part, map);
    }

    /// <summary>Adds a part that was made; nothing if it was not.</summary>
    /// <exception cref="ControlPlaneException">The pin is not a part.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void AddMade(int part)
    {
        var path = _pins.Actions(part);
        if (_parts.ContainsKey(part) || !File.Exists(path))
            return;
        using var map = Pin.OpenMap(path, 0);
        var memory = MapMemory.Of(map, writable: true);
        if (memory.Words != Ids * ActionWords)
            throw Pin.Foreign(path, "it is not a part of the actions that the devmap's programs use");
        _parts = _parts.Add(part, new Part(Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY), memory));
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
            Write(id, change.after.actions);
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
        if (_parts.ContainsKey(PartOf(id)) && id != 0)
        {
            var isAfter = element.ifindex == change.after.ifindex && element.bpf_prog_id == change.after.program;
            Write(id, element.ifindex == 0 ? default : isAfter ? change.after.actions : change.before.actions);
        }

        _slots.TurnChange();
    }

    /// <summary>Closes the descriptors.</summary>
    public void Dispose()
    {
        foreach (var part in _parts.Values)
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

    private void Write(uint id, devmapd_actions actions)
    {
        var memory = _parts[PartOf(id)].Memory;
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

    // In both places, so that a table that grows, and goes to the other one, takes all actions along.
    private void PlaceMissing(int part, FileDescriptor map)
    {
        for (var slot = (uint)part * 2; slot <= ((uint)part * 2) + 1; slot++)
        {
            // Each write of a slot waits for programs.
            if (BpfMap.Lookup<uint>(Places, slot, out var id) != 0 || id != BpfInfo.OfMap(map).id)
                KernelCall.Check(BpfMap.Update(_placesWrite, slot, map.Number), $"bpf_map_update_elem({_pins.ActionParts})");
        }

        GC.KeepAlive(map);
    }

    private sealed record Part(FileDescriptor Map, MapMemory Memory);
}
