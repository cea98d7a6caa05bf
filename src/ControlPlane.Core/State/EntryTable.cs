using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;
using ControlPlane.Core.Model;
using Group = ControlPlane.Core.State.PlacedEntry[]?[]?[];

namespace ControlPlane.Core.State;

/// <summary>
/// The desired entries of one devmap. Immutable. The table is hashed as the kernel hashes its map (bucket = key and mask, no mixing;
/// <c>dev_map_index_hash</c>), so that both can be read side by side in one order, and a chain here is as long as the chain there.
/// </summary>
/// <remarks>
/// Buckets lie in leaves of 64 and leaves in groups of 128. A change copies one bucket, and per batch the leaves and groups that it
/// touches; all else is shared with the table before.
/// </remarks>
internal sealed partial class EntryTable
{
    private const int LeafBits = 6;
    private const int GroupBits = 7;
    private const int LeafSize = 1 << LeafBits;
    private const int GroupSize = 1 << GroupBits;

    private static readonly PlacedEntry[] _none = [];

    private readonly Group?[] _root;
    private readonly ImmutableSortedDictionary<string, PlacedEntry> _byInterfaceKey;
    private readonly OpenSwaps _swaps;
    private DevmapShape? _shape;

    /// <summary>Creates an empty table for a devmap of this capacity.</summary>
    public EntryTable(uint maxEntries)
        : this(
            (int)BitOperations.RoundUpToPowerOf2(maxEntries),
            0,
            0,
            new Group?[Math.Max(1, (int)(BitOperations.RoundUpToPowerOf2(maxEntries) >> (LeafBits + GroupBits)))],
            ImmutableSortedDictionary.Create<string, PlacedEntry>(StringComparer.Ordinal),
            OpenSwaps.None)
    {
    }

    private EntryTable(
        int bucketCount, int count, int longChains, Group?[] root, ImmutableSortedDictionary<string, PlacedEntry> byInterfaceKey, OpenSwaps swaps) =>
        (BucketCount, Count, LongChains, _root, _byInterfaceKey, _swaps) = (bucketCount, count, longChains, root, byInterfaceKey, swaps);

    /// <summary>The number of entries, those without a kernel key included.</summary>
    public int Count { get; }

    /// <summary>The number of buckets with more than <see cref="DevmapShape.LongChain"/> entries.</summary>
    public int LongChains { get; }

    /// <summary>The number of hash buckets: max_entries rounded up to a power of two.</summary>
    public int BucketCount { get; }

    /// <summary>The interfaces that are keys of entries.</summary>
    public IEnumerable<string> InterfaceKeys => _byInterfaceKey.Keys;

    /// <summary>How the entries lie in the kernel's hash.</summary>
    public DevmapShape Shape => _shape ??= ShapeReader.Read(this);

    /// <summary>Returns the bucket of a kernel key.</summary>
    public int BucketOf(uint kernelKey) => (int)(kernelKey & (uint)(BucketCount - 1));

    /// <summary>Returns the entries of a bucket, in order of their kernel keys.</summary>
    public ImmutableArray<PlacedEntry> Bucket(int bucket) => _swaps.IsEmpty
        ? ImmutableCollectionsMarshal.AsImmutableArray(BucketIn(_root, bucket))
        : [.. BucketIn(_root, bucket).Select(e => _swaps.Desired(e))];

    /// <summary>Whether entries for the interface may still stand in the kernel with the egress program that they had before a swap.</summary>
    public bool IsSwapping(string interfaceName) => _swaps.Find(interfaceName) is not null;

    /// <summary>Returns the entries whose keys name interfaces, in order of these names.</summary>
    public IEnumerable<PlacedEntry> Named() => _swaps.IsEmpty ? _byInterfaceKey.Values : _byInterfaceKey.Values.Select(e => _swaps.Desired(e));

    /// <summary>Returns every entry once.</summary>
    public IEnumerable<PlacedEntry> All()
    {
        foreach (var group in _root)
        {
            foreach (var leaf in group ?? [])
            {
                foreach (var bucket in leaf ?? [])
                {
                    foreach (var entry in bucket ?? _none)
                    {
                        if (entry.Record.Key.InterfaceName is null)
                            yield return _swaps.Desired(entry);
                    }
                }
            }
        }

        foreach (var entry in Named())
            yield return entry;
    }

    /// <summary>
    /// Returns the entries in parts: the leaves, and last those whose keys name interfaces, as many in a part as <paramref name="size"/>. A part that no
    /// change has touched is the same in later tables.
    /// </summary>
    public IEnumerable<Part> Parts(int size)
    {
        foreach (var leaf in _root.SelectMany(group => group ?? []))
        {
            if (leaf is not null)
                yield return new Part(leaf, _swaps, 0, leaf.SelectMany(bucket => bucket ?? _none).Where(e => e.Record.Key.InterfaceName is null));
        }

        for (var first = 0; first < _byInterfaceKey.Count; first += size)
            yield return new Part(_byInterfaceKey, _swaps, first, _byInterfaceKey.Values.Skip(first).Take(size));
    }

    /// <summary>Returns the entry of this identity, or null.</summary>
    public PlacedEntry? Find(EntryKey key) => key.InterfaceName is { } name
        ? _swaps.Desired(_byInterfaceKey.GetValueOrDefault(name))
        : Find(key.Number) is { } found && found.Record.Key == key ? found : null;

    /// <summary>Returns the entry that has this kernel key, or null.</summary>
    public PlacedEntry? Find(uint kernelKey) => _swaps.Desired(FindIn(BucketIn(_root, BucketOf(kernelKey)), kernelKey));

    /// <summary>Returns how many leaves two tables share, and how many this one has. For tests of what a batch copies.</summary>
    public (int Shared, int Leaves) SharedWith(EntryTable other)
    {
        var (shared, leaves) = (0, 0);
        for (var g = 0; g < _root.Length; g++)
        {
            for (var l = 0; l < (_root[g]?.Length ?? 0); l++)
            {
                leaves += _root[g]![l] is null ? 0 : 1;
                shared += _root[g]![l] is { } leaf && ReferenceEquals(leaf, other._root[g]?[l]) ? 1 : 0;
            }
        }

        return (shared, leaves);
    }

    /// <summary>Returns the same entries in a table for a devmap of another capacity.</summary>
    public EntryTable WithCapacity(uint maxEntries)
    {
        var builder = new EntryTable(maxEntries).ToBuilder();
        foreach (var entry in Parts(int.MaxValue).SelectMany(p => p.Placed))
            builder.Replace(null, entry);
        var table = builder.Freeze();
        return new EntryTable(table.BucketCount, table.Count, table.LongChains, table._root, table._byInterfaceKey, _swaps);
    }

    /// <summary>Returns a builder that begins with the entries of this table.</summary>
    public Builder ToBuilder() => new(this);

    private static PlacedEntry[] BucketIn(Group?[] root, int bucket) =>
        root[bucket >> (LeafBits + GroupBits)]?[(bucket >> LeafBits) & (GroupSize - 1)]?[bucket & (LeafSize - 1)] ?? _none;

    private static PlacedEntry? FindIn(PlacedEntry[] bucket, uint kernelKey)
    {
        foreach (var entry in bucket)
        {
            if (entry.KernelKey == kernelKey)
                return entry;
        }

        return null;
    }

    private static IEnumerable<PlacedEntry> Desired(IEnumerable<PlacedEntry> placed, OpenSwaps swaps) => placed.Select(e => swaps.Desired(e));

    /// <summary>A part of a table. Parts with the same key have the same entries.</summary>
    internal readonly struct Part(object of, OpenSwaps swaps, int first, IEnumerable<PlacedEntry> placed)
    {
        /// <summary>The key: it is equal by reference.</summary>
        public (object Of, object Swaps, int First) Key => (of, swaps, first);

        /// <summary>The entries as the kernel has them: without swaps that have not reached them yet.</summary>
        public IEnumerable<PlacedEntry> Placed => placed;

        /// <summary>The entries.</summary>
        public IEnumerable<PlacedEntry> Entries => swaps.IsEmpty ? placed : Desired(placed, swaps);
    }
}
