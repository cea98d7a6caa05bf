using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Api;

/// <summary>
/// Reads pages of entries: first those whose keys are numbers, in the order of the kernel's buckets and by key within a bucket;
/// then those whose keys name interfaces, by name. The order is one of identities, so an entry keeps its place for as long as it
/// lives, even when its kernel key changes: one that is there from the first page to the last is in exactly one of them.
/// </summary>
internal static class EntryLister
{
    /// <summary>Returns one page, and where the next page begins; null on the last page.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="map">The kernel's map.</param>
    /// <param name="filter">The filter of the desired state.</param>
    /// <param name="after">Where the previous page ended; null for the first page.</param>
    /// <param name="pageSize">The most items.</param>
    /// <param name="read">Reads the item of an entry; null leaves the entry out.</param>
    /// <param name="fits">Says whether the page has room for the item. The first item always fits.</param>
    public static (List<T> Items, PageToken? Next) Page<T>(
        DevmapState devmap, IDevmapReader map, EntryFilter filter, PageToken? after, int pageSize, Func<PlacedEntry, T?> read, Predicate<T> fits)
        where T : class
    {
        var items = new List<T>();
        EntryKey last = default;
        foreach (var entry in From(devmap, map, after))
        {
            if (!filter.Accepts(entry.Record) || read(entry) is not { } item)
                continue;
            if (items.Count == pageSize || (!fits(item) && items.Count > 0))
                return (items, new PageToken(last));
            items.Add(item);
            last = entry.Record.Key;
        }

        return (items, null);
    }

    private static IEnumerable<PlacedEntry> From(DevmapState devmap, IDevmapReader map, PageToken? after)
    {
        var table = devmap.Entries;
        if (after?.Key.InterfaceName is null)
        {
            var first = after is null ? 0 : table.BucketOf(after.Key.Number);
            foreach (var bucket in Buckets(devmap, map, first))
            {
                foreach (var entry in table.Bucket(bucket))
                {
                    if (entry.Record.Key.InterfaceName is null && !(bucket == first && entry.KernelKey <= after?.Key.Number))
                        yield return entry;
                }
            }
        }

        foreach (var entry in table.Named())
        {
            if (string.CompareOrdinal(entry.Record.Key.InterfaceName, after?.Key.InterfaceName) > 0)
                yield return entry;
        }
    }

    // Buckets that the kernel has nothing of may hold entries that wait for their interface.
    private static IEnumerable<int> Buckets(DevmapState devmap, IDevmapReader map, int from)
    {
        var next = from;
        foreach (var bucket in KernelWalk.Buckets(map, devmap.Entries, from))
        {
            while (next <= bucket.Index)
                yield return next++;
        }

        while (next < devmap.Entries.BucketCount)
            yield return next++;
    }
}

/// <summary>The filters of a list, validated.</summary>
internal sealed record EntryFilter(
    string? Interface, string? EgressProgram, EntryState? State, IReadOnlyList<KeyValuePair<string, string>> Labels, string? Owner)
{
    /// <summary>Whether the desired state passes; asked first, since it costs no system call.</summary>
    public bool Accepts(EntryRecord record)
    {
        if (Interface is not null && record.Spec.Interface != Interface)
            return false;
        if (EgressProgram is not null && record.Spec.EgressProgram != EgressProgram)
            return false;
        if (Owner is not null && record.Spec.Owner != Owner)
            return false;
        foreach (var (name, value) in Labels)
        {
            if (!record.Spec.Labels.TryGetValue(name, out var has) || has != value)
                return false;
        }

        return true;
    }

    /// <summary>Whether the state passes.</summary>
    public bool Accepts(EntryState state) => State is null || state == State;
}
