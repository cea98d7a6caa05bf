using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Api;

/// <summary>
/// Reads pages of entries: first those whose keys are numbers, in the order of the kernel's buckets and by key within a bucket, and
/// among them the elements that nobody desires; then those whose keys name interfaces, by name. The order is one of identities, so an
/// entry keeps its place for as long as it lives, even when its kernel key changes: an entry that exists from the first page to the last
/// is in exactly one of them.
/// </summary>
/// <param name="devmap">The devmap.</param>
/// <param name="map">The kernel's map.</param>
/// <param name="filter">The filter of the desired state.</param>
/// <param name="unmanaged">Returns the element of a kernel key if nobody desires it.</param>
internal sealed class EntryLister(DevmapState devmap, IDevmapReader map, EntryFilter filter, Func<uint, KernelEntry?> unmanaged)
{
    /// <summary>One place of the list: an entry, or an element that nobody desires.</summary>
    /// <param name="Entry">The entry; null for an element that nobody desires.</param>
    /// <param name="KernelKey">The kernel key of the element.</param>
    /// <param name="Element">The element.</param>
    internal readonly record struct Place(PlacedEntry? Entry, uint KernelKey = 0, KernelEntry Element = default)
    {
        /// <summary>The identity behind which the next page begins.</summary>
        public EntryKey Identity => Entry?.Record.Key ?? EntryKey.OfNumber(KernelKey);
    }

    /// <summary>Returns one page, and where the next page begins; null on the last page.</summary>
    /// <param name="after">Where the previous page ended; null for the first page.</param>
    /// <param name="pageSize">The most items.</param>
    /// <param name="read">Reads the item of a place; null leaves the place out.</param>
    /// <param name="fits">Says whether the page has room for the item. The first item always fits.</param>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.RevisionCompacted"/>: the devmap was resized, so the list has another order now.</exception>
    public (List<T> Items, PageToken? Next) Page<T>(PageToken? after, int pageSize, Func<Place, T?> read, Predicate<T> fits)
        where T : class
    {
        if (after is not null && after.Buckets != devmap.Entries.BucketCount)
            throw new ControlPlaneException(DevmapErrors.Resized(devmap.Id.Name));
        var items = new List<T>();
        EntryKey last = default;
        foreach (var place in From(after))
        {
            if (read(place) is not { } item)
                continue;
            if (items.Count == pageSize || (!fits(item) && items.Count > 0))
                return (items, new PageToken(last, devmap.Entries.BucketCount));
            items.Add(item);
            last = place.Identity;
        }

        return (items, null);
    }

    private IEnumerable<Place> From(PageToken? after)
    {
        if (after?.Key.InterfaceName is null)
        {
            var first = after is null ? 0 : devmap.Entries.BucketOf(after.Key.Number);
            foreach (var place in Numbers(first))
            {
                // Within the first bucket the page goes on behind the token.
                var key = place.Entry?.KernelKey ?? place.KernelKey;
                if (after is null || devmap.Entries.BucketOf(key) != first || key > after.Key.Number)
                    yield return place;
            }
        }

        foreach (var entry in devmap.Entries.Named())
        {
            if (string.CompareOrdinal(entry.Record.Key.InterfaceName, after?.Key.InterfaceName) > 0 && filter.Accepts(entry.Record))
                yield return new Place(entry);
        }
    }

    // Buckets that the kernel has nothing of may hold entries that wait for their interface.
    private IEnumerable<Place> Numbers(int from)
    {
        var next = from;
        foreach (var bucket in KernelWalk.Buckets(map, devmap.Entries, from))
        {
            while (next < bucket.Index)
            {
                foreach (var place in Bucket(next++, []))
                    yield return place;
            }

            next = bucket.Index + 1;
            foreach (var place in Bucket(bucket.Index, bucket.Keys))
                yield return place;
        }

        while (next < devmap.Entries.BucketCount)
        {
            foreach (var place in Bucket(next++, []))
                yield return place;
        }
    }

    private IEnumerable<Place> Bucket(int index, IReadOnlyList<uint> kernelKeys)
    {
        var desired = devmap.Entries.Bucket(index);
        var at = 0;
        foreach (var key in filter.AcceptsUnmanaged ? kernelKeys : [])
        {
            for (; at < desired.Length && desired[at].KernelKey <= key; at++)
            {
                if (IsListed(desired[at]))
                    yield return new Place(desired[at]);
            }

            if ((at == 0 || desired[at - 1].KernelKey != key) && unmanaged(key) is { } element)
                yield return new Place(null, key, element);
        }

        for (; at < desired.Length; at++)
        {
            if (IsListed(desired[at]))
                yield return new Place(desired[at]);
        }
    }

    private bool IsListed(PlacedEntry entry) => entry.Record.Key.InterfaceName is null && filter.Accepts(entry.Record);
}
