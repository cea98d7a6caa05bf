using System.Globalization;
using ControlPlane.Core.Devmaps;
using ControlPlane.Core.Errors;

namespace ControlPlane.Kernel;

/// <summary>Compares a pinned devmap with the one configured.</summary>
internal static class DevmapDifferences
{
    /// <summary>Throws, with every difference, when what is pinned was made otherwise than it is configured now.</summary>
    public static void ThrowIfAny(DevmapDefinition pinned, DevmapDefinition wanted, string path)
    {
        (string Setting, object? Found, object? Wanted)[] settings =
        [
            ("MaxEntries", pinned.MaxEntries, wanted.MaxEntries),
            ("ValueSize", pinned.ValueSize, wanted.ValueSize),
            ("NumaNode", pinned.NumaNode, wanted.NumaNode),
            ("KeySelector", pinned.KeySelector, wanted.KeySelector),
            ("MissAction", pinned.MissAction, wanted.MissAction),
            ("Counters", pinned.Counters, wanted.Counters),
        ];
        var differences = settings.Where(s => !Equals(s.Found, s.Wanted))
            .Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Setting}: pinned {s.Found ?? "none"}, configured {s.Wanted ?? "none"}"))
            .ToList();
        if (differences.Count == 0)
            return;
        throw new ControlPlaneException(new Error(
            ErrorCode.KernelFailure,
            $"The devmap pinned at {path} differs from the configuration: {string.Join("; ", differences)}.")
        {
            Resource = $"devmaps/{wanted.Name}",
            Remedy = $"Change the configuration back; or, to give the pinned devmap up with its entries, remove {path}.",
        });
    }
}
