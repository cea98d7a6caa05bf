using System.Globalization;
using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;

namespace ControlPlane.Kernel.Devmaps;

/// <summary>Collects all ways in which a pinned devmap differs from the one configured.</summary>
internal sealed class Differences
{
    private readonly List<string> _found = [];

    public void Compare<T>(string what, T? pinned, T? configured)
    {
        if (!EqualityComparer<T>.Default.Equals(pinned, configured))
            _found.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: pinned {Text(pinned)}, configured {Text(configured)}"));
    }

    /// <summary>Compares all settings, under the names they are configured by.</summary>
    public void Compare(DevmapDefinition pinned, DevmapDefinition configured)
    {
        Compare(nameof(pinned.MaxEntries), pinned.MaxEntries, configured.MaxEntries);
        Compare(nameof(pinned.ValueSize), pinned.ValueSize, configured.ValueSize);
        Compare(nameof(pinned.NumaNode), pinned.NumaNode, configured.NumaNode);
        Compare(nameof(pinned.KeySelector), pinned.KeySelector, configured.KeySelector);
        Compare(nameof(pinned.MissAction), pinned.MissAction, configured.MissAction);
        Compare(nameof(pinned.Counters), pinned.Counters, configured.Counters);
    }

    /// <exception cref="ControlPlaneException">There are differences; all are listed.</exception>
    public void ThrowIfAny(string devmap, string folder)
    {
        if (_found.Count == 0)
            return;
        throw new ControlPlaneException(new Error(
            ErrorCode.KernelFailure,
            $"The devmap pinned at {folder} differs from the configuration: {string.Join("; ", _found)}.")
        {
            Resource = $"devmaps/{devmap}",
            Remedy = $"Change the configuration back; or, to give the pinned devmap up with its entries and attachments: rm -r {folder}",
        });
    }

    private static string Text<T>(T? value) => value?.ToString() ?? "none";
}
