using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Auditing;

/// <summary>
/// Compares a devmap's table with the kernel's map by the readers' descriptor, beside the writer. What it suspects may be a
/// change under way: only the writer can say, which alone changes either.
/// </summary>
internal sealed class DriftSearch(ControlPlaneState state, DevmapState devmap, IInterfaces interfaces)
{
    private static readonly List<uint> _none = [];

    /// <summary>How many entries and elements have been compared.</summary>
    public long Checked { get; private set; }

    /// <summary>The kernel keys that do not look as wanted, bucket by bucket; most of these lists are empty.</summary>
    public IEnumerable<IReadOnlyList<uint>> Suspects()
    {
        var next = 0;
        foreach (var bucket in KernelWalk.Buckets(devmap.Kernel, devmap.Entries))
        {
            for (; next <= bucket.Index; next++)
                yield return SuspectsOf(next, next == bucket.Index ? bucket.Keys : []);
        }

        for (; next < devmap.Entries.BucketCount; next++)
            yield return SuspectsOf(next, []);
    }

    private List<uint> SuspectsOf(int bucket, IReadOnlyList<uint> inKernel)
    {
        List<uint>? suspects = null;
        foreach (var entry in devmap.Entries.Bucket(bucket))
        {
            Checked++;
            if (entry.KernelKey is { } key && !IsAsWanted(key, entry))
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

    private bool IsAsWanted(uint key, PlacedEntry entry)
    {
        var target = interfaces.Current.Find(entry.Record.Spec.Interface);
        if (!devmap.Kernel.TryLookup(key, out var element))
            return target is null;
        return element.Ifindex == target?.Ifindex && element.EgressProgramId == state.ProgramId(entry.Record.Spec.EgressProgram);
    }
}
