using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;

namespace ControlPlane.Kernel.Ids;

/// <summary>
/// An entry table: the ids of keys, in a map that programs read. A key is in one of two buckets of four places. One thread writes;
/// reads are safe on any. A program that reads while the table is written finds each key that stays.
/// </summary>
internal sealed class IdTable : IDisposable
{
    private const int Places = DevmapdConstants.DEVMAPD_BUCKET_PLACES;
    private const uint BucketBytes = Places * sizeof(ulong);
    private const int MinBits = 1;

    private readonly MapMemory _memory;

    private IdTable(FileDescriptor map, MapMemory memory, devmapd_hash hash)
    {
        (Map, _memory, Hash) = (map, memory, hash);
        for (var place = 0; place < memory.Words; place++)
            Count += memory.Read(place) >> 32 != 0 ? 1 : 0;
    }

    /// <summary>The map, to read.</summary>
    public FileDescriptor Map { get; }

    /// <summary>How keys find their buckets.</summary>
    public devmapd_hash Hash { get; }

    /// <summary>The number of keys.</summary>
    public int Count { get; private set; }

    /// <summary>The number of places.</summary>
    public int Capacity => _memory.Words;

    /// <summary>The keys with their ids.</summary>
    public IEnumerable<(uint Key, uint Id)> Entries
    {
        get
        {
            for (var place = 0; place < Capacity; place++)
            {
                if (EntryAt(place) is { } entry)
                    yield return entry;
            }
        }
    }

    /// <summary>Creates a table that is half full with this many keys.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IdTable Create(uint keys)
    {
        var bits = MinBits;
        while ((long)Places << bits < 2L * keys)
            bits++;
        using var map = BpfMap.Create(
            BpfConstants.BPF_MAP_TYPE_ARRAY,
            "table",
            BucketBytes,
            1u << bits,
            new bpf_map_create_opts { map_flags = BpfConstants.BPF_F_MMAPABLE | BpfConstants.BPF_F_INNER_MAP });
        var hash = new devmapd_hash { first = Multiplier(), second = Multiplier(), shift = (uint)(64 - bits) };
        return new IdTable(FileDescriptor.Duplicate(map.Number), MapMemory.Of(map, writable: true), hash);
    }

    /// <summary>Opens a pinned table.</summary>
    /// <exception cref="ControlPlaneException">The pin is not a table, or its keys are hashed in another way.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IdTable Open(string path, devmapd_hash hash)
    {
        using var map = Pin.OpenMap(path, 0);
        var info = BpfInfo.OfMap(map);
        if (info.type != BpfConstants.BPF_MAP_TYPE_ARRAY || info.value_size != BucketBytes || hash.shift is 0 or > 63 || info.max_entries != 1ul << (int)(64 - hash.shift))
            throw Pin.Foreign(path, "it is not the entry table that the devmap's programs use");
        return new IdTable(Pin.OpenMap(path, BpfConstants.BPF_F_RDONLY), MapMemory.Of(map, writable: true), hash);
    }

    /// <summary>Returns the id of a key; 0 if the table lacks the key.</summary>
    public uint Find(uint key) => PlaceOf(key) is { } place ? IdIn(_memory.Read(place)) : 0;

    /// <summary>Returns what is in a place.</summary>
    public (uint Key, uint Id)? EntryAt(int place) => _memory.Read(place) is var word && IdIn(word) is > 0 and var id ? ((uint)word, id) : null;

    /// <summary>Adds a key that the table lacks. Returns false, and changes nothing, if there is no place for the key.</summary>
    public bool TryAdd(uint key, uint id) => TryAdd(key, id, out _);

    /// <inheritdoc cref="TryAdd(uint, uint)"/>
    /// <param name="key">The key.</param>
    /// <param name="id">Its id.</param>
    /// <param name="moved">A key that has another place now, to make room.</param>
    public bool TryAdd(uint key, uint id, out (uint Key, uint Id)? moved)
    {
        moved = null;
        var (first, second) = BucketsOf(key);
        if ((Empty(first) ?? Empty(second) ?? MakeRoomIn(first, out moved)) is not { } place)
            return false;
        _memory.Write(place, ((ulong)id << 32) | key);
        Count++;
        return true;
    }

    /// <summary>Removes a key and returns its id; 0 if the table lacks the key.</summary>
    public uint Remove(uint key)
    {
        if (PlaceOf(key) is not { } place)
            return 0;
        var id = IdIn(_memory.Read(place));
        _memory.Write(place, 0);
        Count--;
        return id;
    }

    /// <summary>Removes what a crash can leave: a second place of a key that was on its way to its other bucket.</summary>
    public void RemoveCopies()
    {
        for (var place = 0; place < Capacity; place++)
        {
            var word = _memory.Read(place);
            if (IdIn(word) == 0 || PlaceOf((uint)word) == place)
                continue;
            _memory.Write(place, 0);
            Count--;
        }
    }

    /// <summary>Closes the descriptor. The map stays while it is pinned or in a slot.</summary>
    public void Dispose() => Map.Dispose();

    private static uint IdIn(ulong word) => (uint)(word >> 32);

    private static ulong Multiplier() => ((ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue)) | 1;

    private (int First, int Second) BucketsOf(uint key) =>
        ((int)((key * Hash.first) >> (int)Hash.shift) * Places, (int)((key * Hash.second) >> (int)Hash.shift) * Places);

    private int? PlaceOf(uint key)
    {
        var (first, second) = BucketsOf(key);
        return In(first) ?? In(second);

        int? In(int bucket)
        {
            for (var place = bucket; place < bucket + Places; place++)
            {
                var word = _memory.Read(place);
                if ((uint)word == key && IdIn(word) != 0)
                    return place;
            }

            return null;
        }
    }

    private int? Empty(int bucket)
    {
        for (var place = bucket; place < bucket + Places; place++)
        {
            if (IdIn(_memory.Read(place)) == 0)
                return place;
        }

        return null;
    }

    // A key moves from its first bucket to its second and never back: programs look into the first one first.
    private int? MakeRoomIn(int bucket, out (uint Key, uint Id)? moved)
    {
        moved = null;
        for (var place = bucket; place < bucket + Places; place++)
        {
            var word = _memory.Read(place);
            var (first, second) = BucketsOf((uint)word);
            if (first != bucket || second == bucket || Empty(second) is not { } other)
                continue;
            _memory.Write(other, word);
            _memory.Write(place, 0);
            moved = ((uint)word, IdIn(word));
            return place;
        }

        return null;
    }
}
