using System.Collections.Immutable;
using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// The counters of ids, in parts of equal size. A program adds to its CPU's counter and never to zero it: an id that a new entry takes
/// counts on from where it stands. So the sum over all ids is the total of the devmap at any time. One thread writes; reads are safe on any.
/// </summary>
internal sealed class IdCounters : IDisposable
{
    private const int Ids = DevmapdConstants.DEVMAPD_PART_IDS;
    private const int CounterWords = 2;

    private readonly int _cpus;
    private ImmutableArray<(FileDescriptor Map, MapMemory Memory)> _parts = [];

    /// <summary>Opens the pinned parts.</summary>
    /// <exception cref="ControlPlaneException">A pin is not a part.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public IdCounters(IEnumerable<string> paths)
    {
        foreach (var path in paths)
            Add(path);
        _cpus = _parts[0].Memory.Words / (Ids * CounterWords) - 1;
    }

    /// <summary>The number of elements of a part: one for each id on each CPU, and one to count on from.</summary>
    public static uint PartSize { get; } = (uint)(Ids * (CpuIds() + 1));

    /// <summary>The number of elements of a part where nothing is counted.</summary>
    public static uint UnusedPartSize => 2 * Ids;

    /// <summary>The number of elements of each part that there is.</summary>
    public uint SizeOfParts => (uint)(_parts[0].Memory.Words / CounterWords);

    /// <summary>The parts.</summary>
    public IReadOnlyList<FileDescriptor> Maps => [.. _parts.Select(p => p.Map)];

    /// <summary>The first id that no part has.</summary>
    public uint End => (uint)(_parts.Length * Ids);

    /// <summary>The size of all parts.</summary>
    public long Bytes => _parts.Sum(p => (long)p.Memory.Words * sizeof(ulong));

    /// <summary>Creates a part. All counters are zero.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static unsafe FileDescriptor CreatePart(uint size) => BpfMap.Create(
        BpfConstants.BPF_MAP_TYPE_ARRAY, "counts", (uint)sizeof(devmapd_counter), size, new bpf_map_create_opts { map_flags = BpfConstants.BPF_F_MMAPABLE });

    /// <summary>Adds a pinned part.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public void Add(string path)
    {
        using var map = Pin.OpenMap(path, 0);
        var memory = MapMemory.Of(map, writable: true);
        if (memory.Words % (Ids * CounterWords) != 0 || memory.Words < 2 * Ids * CounterWords)
            throw Pin.Foreign(path, "it is not a part of the counters that the devmap's programs use");
        _parts = _parts.Add((Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY), memory));
    }

    /// <summary>Returns the frames that were counted under an id since it was last started.</summary>
    public devmapd_counter Read(uint id)
    {
        if (id >= End)
            return default;
        var (sum, from) = (Sum(id), At(id, _cpus));
        return new devmapd_counter { packets = Since(sum.packets, from.packets), bytes = Since(sum.bytes, from.bytes) };
    }

    /// <summary>Has an id count from zero. For an id under which no program counts.</summary>
    public void Start(uint id) => CountFrom(id, Sum(id));

    /// <summary>Has an id, whose counters are zero, count on from what was counted elsewhere.</summary>
    public void CountOn(uint id, devmapd_counter counted) =>
        CountFrom(id, new devmapd_counter { packets = 0 - counted.packets, bytes = 0 - counted.bytes });

    /// <summary>Returns all frames that were ever counted under any id.</summary>
    public devmapd_counter Total()
    {
        devmapd_counter total = default;
        foreach (var (_, memory) in _parts)
        {
            for (var word = 0; word < _cpus * Ids * CounterWords; word += CounterWords)
            {
                total.packets += memory.Read(word);
                total.bytes += memory.Read(word + 1);
            }
        }

        return total;
    }

    /// <summary>Closes the descriptors.</summary>
    public void Dispose()
    {
        foreach (var (map, _) in _parts)
            map.Dispose();
    }

    // A reader can see the counters before and the start after an id changes hands.
    private static ulong Since(ulong sum, ulong from) => (long)(sum - from) < 0 ? 0 : sum - from;

    // The ids can have gaps, so their number does not do. The text is like 0-7 or 0-3,8-11.
    private static int CpuIds()
    {
        var possible = File.ReadAllText("/sys/devices/system/cpu/possible").Trim();
        return int.Parse(possible[(possible.LastIndexOfAny(['-', ',']) + 1)..], CultureInfo.InvariantCulture) + 1;
    }

    private devmapd_counter Sum(uint id)
    {
        devmapd_counter sum = default;
        for (var cpu = 0; cpu < _cpus; cpu++)
        {
            var one = At(id, cpu);
            sum.packets += one.packets;
            sum.bytes += one.bytes;
        }

        return sum;
    }

    private devmapd_counter At(uint id, int row)
    {
        var (memory, word) = WordOf(id, row);
        return new devmapd_counter { packets = memory.Read(word), bytes = memory.Read(word + 1) };
    }

    private void CountFrom(uint id, devmapd_counter from)
    {
        var (memory, word) = WordOf(id, _cpus);
        memory.Write(word, from.packets);
        memory.Write(word + 1, from.bytes);
    }

    private (MapMemory Memory, int Word) WordOf(uint id, int row) =>
        (_parts[(int)(id >> DevmapdConstants.DEVMAPD_PART_SHIFT)].Memory, (int)((row * Ids) + (id % Ids)) * CounterWords);
}
