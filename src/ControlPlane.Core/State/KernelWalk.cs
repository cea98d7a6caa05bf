using ControlPlane.Core.Ports;

namespace ControlPlane.Core.State;

/// <summary>
/// Walks a devmap in the kernel, bucket by bucket, while devices vanish and elements are replaced under it.
/// <para>
/// <c>bpf_map_get_next_key</c> starts over at the first key when the key it is given was removed, and a replaced element moves
/// to the head of its chain, where the walk may meet it again or pass it by. So: a bucket is handed out whole, each key
/// once, after the walk has left it; a jump backwards is taken as a restart, and the walk resumes from an element before
/// the bucket it was in; and the number of steps is bounded. A caller who must not miss an entry reads the desired
/// entries of each bucket too.
/// </para>
/// </summary>
internal static class KernelWalk
{
    private const int MaxAnchorLookups = 64;

    /// <summary>A bucket that is not empty.</summary>
    /// <param name="Index">Its index.</param>
    /// <param name="Keys">Its keys in ascending order; valid until the next bucket is asked for.</param>
    internal readonly record struct KernelBucket(int Index, IReadOnlyList<uint> Keys);

    /// <summary>The buckets from <paramref name="from"/> on, in order of their indexes.</summary>
    public static IEnumerable<KernelBucket> Buckets(IDevmapReader reader, EntryTable table, int from = 0)
    {
        var keys = new List<uint>();
        var current = from;
        var cursor = Anchor(reader, table, from);
        var stepsLeft = (4L * table.BucketCount) + 1024;
        while (stepsLeft-- > 0 && reader.TryGetNextKey(cursor, out var next))
        {
            var bucket = table.BucketOf(next);
            if (cursor is { } left && bucket < table.BucketOf(left))
            {
                cursor = Anchor(reader, table, current);
                continue;
            }

            cursor = next;
            if (bucket < current)
                continue;
            if (bucket != current)
            {
                if (keys.Count > 0)
                    yield return new KernelBucket(current, keys);
                keys.Clear();
                current = bucket;
            }

            var at = keys.BinarySearch(next);
            if (at < 0)
                keys.Insert(~at, next);
        }

        if (keys.Count > 0)
            yield return new KernelBucket(current, keys);
    }

    /// <summary>A key that is in the kernel, in the nearest bucket before this one; null, which means the start, when none is found soon.</summary>
    private static uint? Anchor(IDevmapReader reader, EntryTable table, int bucket)
    {
        var lookups = 0;
        for (var i = bucket - 1; i >= 0; i--)
        {
            foreach (var entry in table.Bucket(i))
            {
                if (lookups++ == MaxAnchorLookups)
                    return null;
                if (entry.KernelKey is { } key && reader.TryLookup(key, out _))
                    return key;
            }
        }

        return null;
    }
}
