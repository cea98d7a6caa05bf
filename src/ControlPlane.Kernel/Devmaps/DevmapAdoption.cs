using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>Compares the pins of a devmap with its definition, before any pin is used.</summary>
internal static class DevmapAdoption
{
    /// <summary>Throws unless all pins match the definition.</summary>
    /// <exception cref="ControlPlaneException">A pin is missing, not ours, or different. The error lists all differences.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Check(DevmapRecord definition, DevmapPins pins)
    {
        // Throws if the config is not ours: there is nothing to compare then.
        var config = File.Exists(pins.Config) ? Pin.ReadConfig<devmapd_redirect_config>(pins.Config, devmapd_kind.Redirect) : DevmapCreation.ConfigOf(definition);
        var expected = pins.Objects.Where(p => pins.SinceVersion(p) <= config.version).Concat(config.version < DevmapPins.FirstWithIds ? pins.OfOldVersions : []);
        var missing = expected.Where(p => !File.Exists(p))
            .Select(p => Path.GetRelativePath(pins.Folder, p)).ToArray();
        if (missing.Length > 0)
            throw Pin.Foreign(pins.Redirect, $"the devmap {definition.Name} lacks its {string.Join(", ", missing)}, which each devmap of ours has");

        var differences = new DevmapDifferences();
        CompareObjects(definition, pins, config, differences);
        differences.ThrowIfAny(definition.Name, pins.Folder);
    }

    /// <summary>Returns a pinned devmap with its settings, as far as the objects tell; null if it is not ours.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static DevmapRecord? Find(DevmapPins pins)
    {
        try
        {
            var config = Pin.ReadConfig<devmapd_redirect_config>(pins.Config, devmapd_kind.Redirect);
            using var active = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_RDONLY);
            return Found(Path.GetFileName(pins.Folder), active, config, pins);
        }
        catch (ControlPlaneException)
        {
            return null;
        }
        catch (KernelException e) when (e.Errno == Errno.ENOENT)
        {
            return null;
        }
    }

    private static DevmapRecord Found(string name, FileDescriptor active, devmapd_redirect_config loaded, DevmapPins pins)
    {
        if (!KeySelector.Set.TryFind(loaded.selector, out var selector))
            throw Pin.Foreign(pins.Config, KeySelector.Set.Unknown(string.Create(CultureInfo.InvariantCulture, $"the value {loaded.selector}")));
        var info = BpfInfo.OfMap(active);
        return new DevmapRecord(name, new DevmapSpec(
            info.max_entries,
            info.value_size,
            loaded.numa_node < 0 ? null : (uint)loaded.numa_node,
            selector,
            (MissAction)loaded.miss_action,
            loaded.counters != 0));
    }

    private static void CompareObjects(DevmapRecord definition, DevmapPins pins, devmapd_redirect_config loaded, DevmapDifferences differences)
    {
        using var active = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_RDONLY);
        using var totals = Pin.OpenMap(pins.Totals, BpfConstants.BPF_F_RDONLY);
        using var config = Pin.OpenMap(pins.Config, BpfConstants.BPF_F_RDONLY);

        var (info, found) = (BpfInfo.OfMap(active), Found(definition.Name, active, loaded, pins));
        differences.Compare(found.Spec, definition.Spec);
        // The rest is true of each devmap that we made, whatever its settings.
        differences.Compare("active's map type", info.type, BpfConstants.BPF_MAP_TYPE_DEVMAP_HASH);
        differences.Compare("active's key size", info.key_size, SizeOf<uint>());
        // The kernel itself adds BPF_F_RDONLY_PROG to each devmap.
        differences.Compare("active's map flags", info.map_flags & ~BpfConstants.BPF_F_RDONLY_PROG, DevmapCreation.FlagsOf(found));

        var totalsInfo = BpfInfo.OfMap(totals);
        differences.Compare("totals' map type", totalsInfo.type, BpfConstants.BPF_MAP_TYPE_PERCPU_ARRAY);
        differences.Compare("totals' value size", totalsInfo.value_size, SizeOf<devmapd_totals>());

        var maps = new List<(string Name, uint Id)> { ("totals", totalsInfo.id), ("config", BpfInfo.OfMap(config).id) };
        maps.AddRange(loaded.version < DevmapPins.FirstWithIds ? CompareOldMaps(pins, info.id, differences) : CompareEntryMaps(definition, pins, loaded, info.id, differences));
        if (loaded.version >= DevmapPins.FirstWithActions)
            maps.AddRange(EntryMaps.ReusedForActions(pins).Where(m => loaded.version >= DevmapPins.FirstWithRoom || m.Path != pins.ActionParts).Select(m => (m.Name, MapIdAt(m.Path))));
        if (pins.SinceVersion(pins.Missed) <= loaded.version)
            maps.Add(("missed", CompareArray<devmapd_missed_key>(pins.Missed, DevmapdConstants.DEVMAPD_MISSED_KEYS, differences)));
        CompareProgram(pins.Redirect, maps, differences);
        if (pins.SinceVersion(pins.Complete) > loaded.version)
            return;
        maps.Add(("more_totals", CompareArray<devmapd_more_totals>(pins.MoreTotals, 1, differences)));
        CompareProgram(pins.Complete, maps, differences);
    }

    private static IEnumerable<(string Name, uint Id)> CompareEntryMaps(
        DevmapRecord definition, DevmapPins pins, devmapd_redirect_config loaded, uint devmap, DevmapDifferences differences)
    {
        using var slots = new Slots(definition.Name, pins);
        EntryMaps.FinishGrowth(pins, slots);
        using var table = Pin.OpenMap(pins.Table, BpfConstants.BPF_F_RDONLY);
        differences.Compare("id of the map in the slot", slots.ReadDevmapId(), devmap);
        differences.Compare("id of the table in the slot", slots.ReadTableId(), BpfInfo.OfMap(table).id);
        return [.. EntryMaps.Reused(pins).Where(m => IsSame(m.Path)).Select(m => (m.Name, MapIdAt(m.Path)))];

        // An upgrade that a crash has cut off has made these again.
        bool IsSame(string path) => loaded.version >= DevmapPins.FirstWithRoom || path != pins.MoreCounts;
    }

    private static uint MapIdAt(string path)
    {
        using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
        return BpfInfo.OfMap(map).id;
    }

    private static IEnumerable<(string Name, uint Id)> CompareOldMaps(DevmapPins pins, uint devmap, DevmapDifferences differences)
    {
        using var slot = Pin.OpenMap(pins.OldSlot, BpfConstants.BPF_F_RDONLY);
        using var counters = Pin.OpenMap(pins.OldCounters, BpfConstants.BPF_F_RDONLY);
        var (slotInfo, counterInfo) = (BpfInfo.OfMap(slot), BpfInfo.OfMap(counters));
        differences.Compare("slot's map type", slotInfo.type, BpfConstants.BPF_MAP_TYPE_ARRAY_OF_MAPS);
        if (slotInfo.type == BpfConstants.BPF_MAP_TYPE_ARRAY_OF_MAPS)
        {
            KernelCall.Check(BpfMap.Lookup<uint>(slot, 0, out var inner), $"bpf_map_lookup_elem({pins.OldSlot})");
            differences.Compare("id of the map in the slot", inner, devmap);
        }

        differences.Compare("counters' map type", counterInfo.type, BpfConstants.BPF_MAP_TYPE_PERCPU_HASH);
        differences.Compare("counters' value size", counterInfo.value_size, SizeOf<devmapd_counter>());
        return [("slot", slotInfo.id), ("counters", counterInfo.id)];
    }

    private static uint CompareArray<TValue>(string path, uint capacity, DevmapDifferences differences) where TValue : unmanaged
    {
        using var map = Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY);
        var (info, name) = (BpfInfo.OfMap(map), Path.GetFileName(path));
        differences.Compare($"{name}'s map type", info.type, BpfConstants.BPF_MAP_TYPE_PERCPU_ARRAY);
        differences.Compare($"{name}'s value size", info.value_size, SizeOf<TValue>());
        differences.Compare($"{name}'s capacity", info.max_entries, capacity);
        return info.id;
    }

    private static void CompareProgram(string path, List<(string Name, uint Id)> maps, DevmapDifferences differences)
    {
        using var program = Pin.OpenProgram(path);
        var (used, pin) = (BpfInfo.MapsOf(program), Path.GetFileName(path));
        differences.Compare($"{pin}'s program type", BpfInfo.OfProgram(program).type, BpfConstants.BPF_PROG_TYPE_XDP);
        foreach (var (name, id) in maps)
            differences.Compare($"{pin}'s use of {name}", used.Contains(id), true);
    }

    private static unsafe uint SizeOf<T>() where T : unmanaged => (uint)sizeof(T);
}
