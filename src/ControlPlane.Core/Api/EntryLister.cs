using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Api;

/// <summary>
/// Reads pages of entries: first those whose keys are numbers, in the order of the kernel's buckets and by key within a bucket;
/// then those whose keys name interfaces, by name. The order is one of identities, so an entry keeps its place for as long as it
/// lives, even when its kernel key changes: one that is there from the first page to the last is in exactly one of them.
/// </summary>
internal static class EntryLister
{
    /// <summary>One page.</summary>
    public static EntryPage Page(DevmapState devmap, StatusEvaluator evaluator, EntryFilter filter, PageToken? after, int pageSize, Func<PageToken, string> encode, long revision)
    {
        var views = new List<Entry>();
        EntryKey last = default;
        foreach (var entry in From(devmap, after))
        {
            if (!filter.Accepts(entry.Record))
                continue;
            var view = evaluator.View(entry);
            if (!filter.Accepts(view.Status.State))
                continue;
            if (views.Count == pageSize)
                return new EntryPage(views, encode(new PageToken(last)), revision);
            views.Add(view);
            last = entry.Record.Key;
        }

        return new EntryPage(views, null, revision);
    }

    private static IEnumerable<PlacedEntry> From(DevmapState devmap, PageToken? after)
    {
        var table = devmap.Entries;
        if (after?.Key.InterfaceName is null)
        {
            var first = after is null ? 0 : table.BucketOf(after.Key.Number);
            foreach (var bucket in Buckets(devmap, first))
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
    private static IEnumerable<int> Buckets(DevmapState devmap, int from)
    {
        var next = from;
        foreach (var bucket in KernelWalk.Buckets(devmap.Kernel, devmap.Entries, from))
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
    string? Interface, string? EgressProgram, EntryState? State, IReadOnlyList<KeyValuePair<string, string>> Labels)
{
    /// <summary>Whether the desired state passes; asked first, since it costs no system call.</summary>
    public bool Accepts(EntryRecord record)
    {
        if (Interface is not null && record.Spec.Interface != Interface)
            return false;
        if (EgressProgram is not null && record.Spec.EgressProgram != EgressProgram)
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
