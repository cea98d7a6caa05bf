using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Auditing;

/// <summary>
/// Compares a devmap's table with the kernel's map by the readers' descriptor, beside the writer. A suspect may be a
/// change under way: only the writer can say, which alone changes either.
/// </summary>
internal sealed class DriftSearch(ControlPlaneState state, DevmapState started, IDevmapReader map, IInterfaces interfaces)
{
    private static readonly List<uint> _none = [];

    /// <summary>How many entries and elements have been compared.</summary>
    public long Checked { get; private set; }

    /// <summary>The kernel keys that do not look as desired, bucket by bucket; most of these lists are empty.</summary>
    public IEnumerable<IReadOnlyList<uint>> Suspects()
    {
        var next = 0;
        foreach (var bucket in KernelWalk.Buckets(map, started.Entries))
        {
            for (; next <= bucket.Index; next++)
                yield return SuspectsOf(next, next == bucket.Index ? bucket.Keys : []);
        }

        for (; next < started.Entries.BucketCount; next++)
            yield return SuspectsOf(next, []);
    }

    // The snapshot of now, not of the start: an audit can take minutes, and what the writer changes meanwhile is not suspect.
    private List<uint> SuspectsOf(int bucket, IReadOnlyList<uint> inKernel)
    {
        var snapshot = state.Current;
        if (snapshot.Find(started.Id) is not { } devmap)
            return _none;
        List<uint>? suspects = null;
        foreach (var entry in devmap.Entries.Bucket(bucket))
        {
            Checked++;
            if (entry.KernelKey is { } key && !IsAsDesired(snapshot, key, entry))
                (suspects ??= []).Add(key);
        }

        foreach (var key in inKernel)
        {
            if (devmap.Entries.Find(key) is not null)
                continue;
            Checked++;
            (suspects ??= []).Add(key);
        }

        return suspects ?? _none;
    }

    private bool IsAsDesired(Snapshot snapshot, uint key, PlacedEntry entry)
    {
        var target = ResolvedTarget.Of(entry.Record.Spec, interfaces.Current);
        if (!map.TryLookup(key, out var element))
            return target is not { Conflicts: false };
        return map.IsCounted(key)
            && element.Ifindex == target?.Device.Ifindex
            && element.EgressProgramId == snapshot.ProgramId(entry.Record.Spec.EgressProgram)
            && map.ReadActions(key) == target?.Actions;
    }
}
