using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>
/// The desired entries of one devmap. The table is hashed as the kernel hashes its map (bucket = key and mask, no
/// mixing; <c>dev_map_index_hash</c>), so that both can be read side by side in one order, and a chain here is as
/// long as the chain there. One writer; readers never wait: a bucket is an immutable array that is replaced whole.
/// </summary>
internal sealed class EntryTable
{
    private static readonly PlacedEntry[] _none = [];

    private readonly PlacedEntry[]?[] _buckets;
    private readonly ConcurrentDictionary<string, PlacedEntry> _byInterfaceKey = new(StringComparer.Ordinal);
    private int _count;
    private long _version;

    public EntryTable(uint maxEntries) => _buckets = new PlacedEntry[BitOperations.RoundUpToPowerOf2(maxEntries)][];

    /// <summary>How many entries there are, those without a kernel key included.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Differs whenever the table has changed.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>The number of hash buckets: max_entries rounded up to a power of two.</summary>
    public int BucketCount => _buckets.Length;

    /// <summary>The interfaces that are keys of entries.</summary>
    public ICollection<string> InterfaceKeys => _byInterfaceKey.Keys;

    /// <summary>The bucket of a kernel key.</summary>
    public int BucketOf(uint kernelKey) => (int)(kernelKey & (uint)(_buckets.Length - 1));

    /// <summary>The entries of a bucket, in order of their kernel keys.</summary>
    public ImmutableArray<PlacedEntry> Bucket(int bucket) =>
        ImmutableCollectionsMarshal.AsImmutableArray(Volatile.Read(ref _buckets[bucket]) ?? _none);

    /// <summary>The entries whose keys name interfaces, in order of these names.</summary>
    public IEnumerable<PlacedEntry> Named() =>
        _byInterfaceKey.Values.OrderBy(e => e.Record.Key.InterfaceName, StringComparer.Ordinal);

    /// <summary>Every entry once, each as it stands when it is reached; one that comes meanwhile may be left out.</summary>
    public IEnumerable<PlacedEntry> All()
    {
        for (var bucket = 0; bucket < _buckets.Length; bucket++)
        {
            foreach (var entry in Bucket(bucket))
            {
                if (entry.Record.Key.InterfaceName is null)
                    yield return entry;
            }
        }

        foreach (var entry in Named())
            yield return entry;
    }

    /// <summary>The entry of this identity, or null.</summary>
    public PlacedEntry? Find(EntryKey key)
    {
        if (key.InterfaceName is { } name)
            return _byInterfaceKey.GetValueOrDefault(name);
        return Find(key.Number) is { } found && found.Record.Key == key ? found : null;
    }

    /// <summary>The entry that has this kernel key, or null.</summary>
    public PlacedEntry? Find(uint kernelKey)
    {
        foreach (var entry in Bucket(BucketOf(kernelKey)))
        {
            if (entry.KernelKey == kernelKey)
                return entry;
        }

        return null;
    }

    /// <summary>Puts <paramref name="after"/> in the place of <paramref name="before"/>; either may be null. For the writer only.</summary>
    public void Replace(PlacedEntry? before, PlacedEntry? after)
    {
        if (before?.KernelKey is { } oldKey && after?.KernelKey != oldKey)
            RemoveFromBucket(oldKey);
        if (after?.KernelKey is { } newKey)
            PutIntoBucket(newKey, after);
        if (before?.Record.Key.InterfaceName is { } oldName && after?.Record.Key.InterfaceName != oldName)
            _byInterfaceKey.TryRemove(oldName, out _);
        if (after?.Record.Key.InterfaceName is { } newName)
            _byInterfaceKey[newName] = after;
        Volatile.Write(ref _count, _count + (after is null ? 0 : 1) - (before is null ? 0 : 1));
        Volatile.Write(ref _version, _version + 1);
    }

    private void PutIntoBucket(uint key, PlacedEntry entry)
    {
        ref var bucket = ref _buckets[BucketOf(key)];
        var old = bucket ?? _none;
        var at = Array.FindIndex(old, e => e.KernelKey >= key);
        if (at >= 0 && old[at].KernelKey == key)
        {
            var copy = (PlacedEntry[])old.Clone();
            copy[at] = entry;
            Volatile.Write(ref bucket, copy);
            return;
        }

        at = at < 0 ? old.Length : at;
        var longer = new PlacedEntry[old.Length + 1];
        old.AsSpan(0, at).CopyTo(longer);
        longer[at] = entry;
        old.AsSpan(at).CopyTo(longer.AsSpan(at + 1));
        Volatile.Write(ref bucket, longer);
    }

    private void RemoveFromBucket(uint key)
    {
        ref var bucket = ref _buckets[BucketOf(key)];
        var rest = Array.FindAll(bucket ?? _none, e => e.KernelKey != key);
        Volatile.Write(ref bucket, rest.Length == 0 ? null : rest);
    }
}
