using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>Collects all ways in which what is pinned differs from what is configured.</summary>
internal sealed class Differences
{
    private readonly List<string> _found = [];

    /// <summary>Compares all that a definition says.</summary>
    public void Compare(DevmapDefinition found, DevmapDefinition wanted)
    {
        Compare("keySelector", found.KeySelector, wanted.KeySelector);
        Compare("missAction", found.MissAction, wanted.MissAction);
        Compare("counters", found.Counters, wanted.Counters);
        Compare("numaNode", found.NumaNode, wanted.NumaNode);
        Compare("valueSize", found.ValueSize, wanted.ValueSize);
        Compare("maxEntries", found.MaxEntries, wanted.MaxEntries);
    }

    public void Compare<T>(string what, T found, T wanted)
    {
        if (!EqualityComparer<T>.Default.Equals(found, wanted))
            _found.Add($"{what} is {Text(found)}, wanted {Text(wanted)}");
    }

    /// <exception cref="ControlPlaneException">There are differences; all are listed.</exception>
    public void ThrowIfAny(string devmap, string folder)
    {
        if (_found.Count == 0)
            return;
        throw new ControlPlaneException(new Error(
            ErrorCode.KernelFailure,
            $"Devmap {devmap} is pinned at {folder} and differs from its configuration: {string.Join("; ", _found)}.")
        {
            Resource = $"devmaps/{devmap}",
            Remedy = $"Change the configuration back, or remove the pinned devmap with its entries and attachments: rm -r {folder}",
        });
    }

    private static string Text<T>(T value) => value?.ToString() ?? "any";
}
