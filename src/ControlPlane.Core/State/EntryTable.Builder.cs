using System.Collections.Immutable;
using ControlPlane.Core.Model;
using Group = ControlPlane.Core.State.PlacedEntry[]?[]?[];
using Leaf = ControlPlane.Core.State.PlacedEntry[]?[];

namespace ControlPlane.Core.State;

/// <summary>The builder of tables.</summary>
internal sealed partial class EntryTable
{
    /// <summary>
    /// Changes entries and makes tables. After <see cref="Freeze"/> it goes on from the table that it made, and copies each leaf and
    /// group again at its first change. For one thread.
    /// </summary>
    internal sealed class Builder
    {
        // The chunks that this builder has copied since the last Freeze, and may therefore change.
        private readonly HashSet<int> _ownLeaves = [];
        private readonly HashSet<int> _ownGroups = [];
        private EntryTable _last;
        private Group?[] _root;
        private ImmutableSortedDictionary<string, PlacedEntry>.Builder? _byInterfaceKey;
        private OpenSwaps _swaps;
        private bool _changed;
        private int _longChains;

        internal Builder(EntryTable table) => (_last, _root, Count, _longChains, _swaps) = (table, table._root, table.Count, table.LongChains, table._swaps);

        /// <summary>The number of entries.</summary>
        public int Count { get; private set; }

        /// <summary>The interfaces that are keys of entries.</summary>
        public IEnumerable<string> InterfaceKeys => _byInterfaceKey?.Keys ?? _last.InterfaceKeys;

        /// <summary>Returns the entry of this identity, or null.</summary>
        public PlacedEntry? Find(EntryKey key) => _swaps.Desired(FindPlaced(key));

        /// <summary>Returns the entry that has this kernel key, or null.</summary>
        public PlacedEntry? Find(uint kernelKey) => _swaps.Desired(FindPlaced(kernelKey));

        /// <summary>Returns the entry of this identity as the kernel has it: without a swap that has not reached it yet. Null if there is none.</summary>
        public PlacedEntry? FindPlaced(EntryKey key)
        {
            if (key.InterfaceName is not { } name)
                return FindPlaced(key.Number) is { } found && found.Record.Key == key ? found : null;
            return _byInterfaceKey is null ? _last._byInterfaceKey.GetValueOrDefault(name) : _byInterfaceKey.GetValueOrDefault(name);
        }

        /// <summary>Returns the swap that has not reached an entry which <see cref="FindPlaced(EntryKey)"/> returned; null if there is none.</summary>
        public SwapRecord? SwapOf(PlacedEntry placed) => _swaps.Find(placed.Record.Spec.Interface) is { } swap && swap.Covers(placed.Record) ? swap : null;

        /// <summary>A swap changes all entries that it covers. The kernel has none of them yet.</summary>
        public void Begin(SwapRecord swap) => (_swaps, _changed) = (_swaps.With(swap), true);

        /// <summary>The kernel has all entries that the swap covers.</summary>
        public void End(SwapRecord swap) => (_swaps, _changed) = (_swaps.Without(swap), true);

        /// <summary>Puts <paramref name="after"/> in the place of <paramref name="before"/>; either can be null.</summary>
        public void Replace(PlacedEntry? before, PlacedEntry? after)
        {
            if (before?.KernelKey is { } oldKey && after?.KernelKey != oldKey)
                Bucket(oldKey, static (bucket, key, _) => Without(bucket, key), null);
            if (after?.KernelKey is { } newKey)
                Bucket(newKey, static (bucket, key, entry) => With(bucket, key, entry!), after);
            if (before?.Record.Key.InterfaceName is { } oldName && after?.Record.Key.InterfaceName != oldName)
                Names().Remove(oldName);
            if (after?.Record.Key.InterfaceName is { } newName)
                Names()[newName] = after;
            Count += (after is null ? 0 : 1) - (before is null ? 0 : 1);
            _changed = true;
        }

        /// <summary>Returns the table as it is now; the same one if nothing has changed.</summary>
        public EntryTable Freeze()
        {
            if (!_changed)
                return _last;
            _last = new EntryTable(_last.BucketCount, Count, _longChains, _root, _byInterfaceKey?.ToImmutable() ?? _last._byInterfaceKey, _swaps);
            _ownLeaves.Clear();
            _ownGroups.Clear();
            (_byInterfaceKey, _changed) = (null, false);
            return _last;
        }

        private PlacedEntry? FindPlaced(uint kernelKey) => FindIn(BucketIn(_root, _last.BucketOf(kernelKey)), kernelKey);

        private ImmutableSortedDictionary<string, PlacedEntry>.Builder Names() => _byInterfaceKey ??= _last._byInterfaceKey.ToBuilder();

        private void Bucket(uint key, Func<PlacedEntry[], uint, PlacedEntry?, PlacedEntry[]> change, PlacedEntry? entry)
        {
            var bucket = _last.BucketOf(key);
            ref var place = ref OwnLeaf(bucket)[bucket & (LeafSize - 1)];
            var changed = change(place ?? _none, key, entry);
            _longChains += (changed.Length > DevmapShape.LongChain ? 1 : 0) - (place?.Length > DevmapShape.LongChain ? 1 : 0);
            place = changed.Length == 0 ? null : changed;
        }

        private Leaf OwnLeaf(int bucket)
        {
            if (ReferenceEquals(_root, _last._root))
                _root = (Group?[])_root.Clone();
            var groupAt = bucket >> (LeafBits + GroupBits);
            ref var group = ref _root[groupAt];
            if (_ownGroups.Add(groupAt))
                group = group is null ? new Leaf?[GroupSize] : (Group)group.Clone();
            var leafAt = bucket >> LeafBits;
            ref var leaf = ref group![leafAt & (GroupSize - 1)];
            if (_ownLeaves.Add(leafAt))
                leaf = leaf is null ? new PlacedEntry[]?[LeafSize] : (Leaf)leaf.Clone();
            return leaf!;
        }

        private static PlacedEntry[] With(PlacedEntry[] old, uint key, PlacedEntry entry)
        {
            var at = Array.FindIndex(old, e => e.KernelKey >= key);
            if (at >= 0 && old[at].KernelKey == key)
            {
                var copy = (PlacedEntry[])old.Clone();
                copy[at] = entry;
                return copy;
            }

            at = at < 0 ? old.Length : at;
            var longer = new PlacedEntry[old.Length + 1];
            old.AsSpan(0, at).CopyTo(longer);
            longer[at] = entry;
            old.AsSpan(at).CopyTo(longer.AsSpan(at + 1));
            return longer;
        }

        private static PlacedEntry[] Without(PlacedEntry[] old, uint key) => Array.FindAll(old, e => e.KernelKey != key);
    }
}
