using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>The maps that make an entry of a key: the slots, the entry table and the counters.</summary>
internal sealed unsafe class EntryMaps : IDisposable
{
    /// <summary>A table of this many entries is made at once; a larger one grows.</summary>
    private const uint MostAtFirst = 16_384;

    /// <summary>A devmap has room for so many parts of counters at least, so that it can become larger. Each takes 24 bytes until it exists.</summary>
    private const uint FewestParts = 1024;

    private readonly List<(string? Name, FileDescriptor Map, Func<DevmapPins, string> Path)> _maps = [];

    private EntryMaps()
    {
    }

    /// <summary>The maps that programs name.</summary>
    public IEnumerable<(string Name, FileDescriptor Map)> Named => _maps.Where(m => m.Name is not null).Select(m => (m.Name!, m.Map));

    /// <summary>Returns the names of the maps in programs, with their pins.</summary>
    public static IEnumerable<(string Name, string Path)> Reused(DevmapPins pins) =>
    [
        ("slots", pins.Slots), ("tables", pins.Tables), (".bss", pins.Switch), ("first_counts", pins.Counts(0)), ("more_counts", pins.MoreCounts),
    ];

    /// <summary>Returns the names of the maps of actions in programs, with their pins.</summary>
    public static IEnumerable<(string Name, string Path)> ReusedForActions(DevmapPins pins) =>
    [
        ("action_parts", pins.ActionParts), ("action_change", pins.ActionChange), ("action_counts", pins.ActionCounts), ("action_totals", pins.ActionTotals),
    ];

    /// <summary>Returns for how many keys the entry table of a candidate is made: it does not grow while there are two.</summary>
    public static uint KeysAtFirst(DevmapRecord definition, int entries) =>
        Math.Max((uint)entries + ((uint)entries / 4), Math.Min(definition.Spec.MaxEntries, MostAtFirst));

    /// <summary>Returns how many parts of counters a devmap can have: the ids of all entries of two tables without a key in common, and of those that rest.</summary>
    public static uint MostParts(DevmapRecord definition) => Math.Max(
        FewestParts, (uint)(((2L * definition.Spec.MaxEntries) + IdPool.MostResting) / DevmapdConstants.DEVMAPD_PART_IDS) + 2);

    /// <summary>Creates the maps of a devmap whose elements are in this map.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static EntryMaps Create(DevmapRecord definition, FileDescriptor devmap)
    {
        var made = new EntryMaps();
        try
        {
            var counters = definition.Spec.Counters;
            using var table = IdTable.Create(counters ? Math.Min(definition.Spec.MaxEntries, MostAtFirst) : 1);
            var counts = IdCounters.CreatePart(counters ? IdCounters.PartSize : IdCounters.UnusedPartSize);
            made._maps.Add(("first_counts", counts, p => p.Counts(0)));
            made._maps.Add(("more_counts", Outer("more_counts", MostParts(definition), counts), p => p.MoreCounts));
            made._maps.Add((null, FileDescriptor.Duplicate(table.Map.Number), p => p.Table));
            made.AddSlots("slots", devmap, p => p.Slots);
            made.AddSlots("tables", table.Map, p => p.Tables);
            var word = BpfMap.Create(
                BpfConstants.BPF_MAP_TYPE_ARRAY, "switch", (uint)sizeof(devmapd_switch), 1, new bpf_map_create_opts { map_flags = BpfConstants.BPF_F_MMAPABLE });
            made._maps.Add((".bss", word, p => p.Switch));
            KernelCall.Check(BpfMap.Update(word, 0, new devmapd_switch { hash0 = table.Hash }), "bpf_map_update_elem(switch)");
            made.AddActionMaps(definition);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Creates and pins the maps of a devmap that an older build made, with an id for each element. Replaces the remains of a start that a crash cut off.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Add(DevmapRecord definition, DevmapPins pins)
    {
        foreach (var pin in pins.ExistingCounts.Concat(pins.EntryMaps).Concat(pins.ActionMaps).Where(File.Exists).ToArray())
            File.Delete(pin);
        using var devmap = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_RDONLY);
        using (var made = Create(definition, devmap))
            made.MakePins(pins);
        if (!definition.Spec.Counters)
            return;
        using var slots = new Slots(definition.Name, pins);
        using var ids = new EntryIds(definition, pins, slots, devmap);
        foreach (var key in KeysOf(devmap, definition.Spec.MaxEntries))
            ids.Begin(key);
    }

    /// <summary>Creates and pins the maps of actions of a devmap that a build without actions made. Replaces the remains of a start that a crash cut off.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void AddActions(DevmapRecord definition, DevmapPins pins)
    {
        foreach (var pin in pins.ActionMaps.Where(File.Exists))
            File.Delete(pin);
        using var made = new EntryMaps();
        made.AddActionMaps(definition);
        if (!definition.Spec.Counters)
        {
            // It had room for one part: without counters no entry had an id. No program of such a devmap uses it.
            using var part = IdCounters.CreatePart(IdCounters.UnusedPartSize);
            made._maps.Add((null, Outer("more_counts", MostParts(definition), part), p => p.MoreCounts));
            File.Delete(pins.MoreCounts);
        }

        foreach (var (_, map, path) in made._maps)
            Pin.Make(map, path(pins));
    }

    /// <summary>Creates and pins counters with room for all CPUs, beside the small ones of a devmap that did not count. Programs that count come with them.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void MakeRoomToCount(DevmapRecord definition, DevmapPins pins)
    {
        using (var first = Pin.OpenMap(pins.Counts(0), BpfConstants.BPF_F_RDONLY))
        {
            if (!definition.Spec.Counters || BpfInfo.OfMap(first).max_entries >= IdCounters.PartSize)
                return;
        }

        PinFolder.Create(pins.NextCountsFolder);
        FileDescriptor? outer = null;
        try
        {
            foreach (var part in pins.ExistingCounts.Select((_, part) => part).ToArray())
            {
                using var counts = IdCounters.CreatePart(IdCounters.PartSize);
                Pin.Make(counts, pins.NextCounts(part));
                outer ??= Outer("more_counts", MostParts(definition), counts);
                if (part > 0)
                    KernelCall.Check(BpfMap.Update(outer, (uint)part - 1, counts.Number), $"bpf_map_update_elem({pins.MoreCounts})");
            }

            Pin.Make(outer!, DevmapPins.Next(pins.MoreCounts));
        }
        finally
        {
            outer?.Dispose();
        }
    }

    /// <summary>Puts counters that programs have come with into their place.</summary>
    public static void FinishRoomToCount(DevmapPins pins)
    {
        if (File.Exists(DevmapPins.Next(pins.MoreCounts)))
            File.Move(DevmapPins.Next(pins.MoreCounts), pins.MoreCounts, overwrite: true);
        if (!Directory.Exists(pins.NextCountsFolder))
            return;
        foreach (var path in Directory.GetFiles(pins.NextCountsFolder))
            File.Move(path, Path.Combine(pins.CountsFolder, Path.GetFileName(path)), overwrite: true);
        Directory.Delete(pins.NextCountsFolder);
    }

    /// <summary>
    /// Creates the maps of parts again, for as many as a devmap can have with two tables. The programs before layout version 6 go on with the maps before, which have
    /// the same parts.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void AddRoom(DevmapRecord definition, DevmapPins pins)
    {
        using var first = Pin.OpenMap(pins.Counts(0), 0);
        using var counts = Outer("more_counts", MostParts(definition), first);
        foreach (var (part, path) in pins.ExistingCounts.Index().Skip(1))
            Fill(counts, (uint)part - 1, path);
        using var shape = IdActions.CreatePart();
        using var actions = Outer("action_parts", MostParts(definition) * 2, shape);
        foreach (var part in pins.ExistingActions)
        {
            Fill(actions, (uint)part * 2, pins.Actions(part));
            Fill(actions, ((uint)part * 2) + 1, pins.Actions(part));
        }

        foreach (var (map, pin) in new[] { (counts, pins.MoreCounts), (actions, pins.ActionParts) })
        {
            File.Delete(DevmapPins.Next(pin));
            Pin.Make(map, DevmapPins.Next(pin));
            File.Move(DevmapPins.Next(pin), pin, overwrite: true);
        }

        static void Fill(FileDescriptor slots, uint slot, string path)
        {
            using var part = Pin.OpenMap(path, 0);
            KernelCall.Check(BpfMap.Update(slots, slot, part.Number), $"bpf_map_update_elem({path})");
        }
    }

    /// <summary>Keeps the one of two tables that is in the slot, if a crash interrupted the growth of a table.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void FinishGrowth(DevmapPins pins, Slots slots)
    {
        var next = DevmapPins.Next(pins.Table);
        if (File.Exists(next))
        {
            using var table = Pin.OpenMap(next, BpfConstants.BPF_F_RDONLY);
            if (BpfInfo.OfMap(table).id == slots.ReadTableId())
                File.Move(next, pins.Table, overwrite: true);
            else
                File.Delete(next);
        }

        slots.ClearOther();
    }

    /// <summary>Pins the maps.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void MakePins(DevmapPins pins)
    {
        PinFolder.Create(pins.CountsFolder);
        foreach (var (_, map, path) in _maps)
            Pin.Make(map, path(pins));
    }

    /// <summary>Closes the descriptors.</summary>
    public void Dispose()
    {
        foreach (var (_, map, _) in _maps)
            map.Dispose();
    }

    private static FileDescriptor Outer(string name, uint size, FileDescriptor inner) => BpfMap.Create(
        BpfConstants.BPF_MAP_TYPE_ARRAY_OF_MAPS, name, sizeof(uint), size, new bpf_map_create_opts { inner_map_fd = (uint)inner.Number });

    private void AddActionMaps(DevmapRecord definition)
    {
        using var part = IdActions.CreatePart();
        using var counts = IdActions.CreateCounts(IdActions.FewKeys);
        _maps.Add(("action_parts", Outer("action_parts", MostParts(definition) * 2, part), p => p.ActionParts));
        _maps.Add(("action_counts", Outer("action_counts", 1, counts), p => p.ActionCounts));
        var change = BpfMap.Create(
            BpfConstants.BPF_MAP_TYPE_ARRAY, "action_change", (uint)sizeof(devmapd_change), 1, new bpf_map_create_opts { map_flags = BpfConstants.BPF_F_MMAPABLE });
        _maps.Add(("action_change", change, p => p.ActionChange));
        _maps.Add(("action_totals", BpfMap.Create(BpfConstants.BPF_MAP_TYPE_PERCPU_ARRAY, "action_totals", (uint)sizeof(devmapd_action_totals), 1), p => p.ActionTotals));
    }

    private void AddSlots(string name, FileDescriptor active, Func<DevmapPins, string> path)
    {
        var slots = Outer(name, 2, active);
        _maps.Add((name, slots, path));
        KernelCall.Check(BpfMap.Update(slots, 0, active.Number), $"bpf_map_update_elem({name})");
    }

    // The kernel starts over when a key was removed under the walk.
    private static HashSet<uint> KeysOf(FileDescriptor devmap, uint most)
    {
        var keys = new HashSet<uint>();
        uint? after = null;
        for (var steps = 0L; steps < 4L * most && BpfMap.NextKey(devmap, after, out var key) == 0; steps++)
        {
            keys.Add(key);
            after = key;
        }

        return keys;
    }
}
