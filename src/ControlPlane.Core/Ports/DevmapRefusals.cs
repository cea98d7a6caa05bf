using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Ports;

/// <summary>The errors that every implementation of <see cref="IDevmap"/> gives before it asks the kernel, which would only say EINVAL.</summary>
public static class DevmapRefusals
{
    /// <summary>The values of the devmap are too small for an egress program.</summary>
    public static ControlPlaneException NoEgressPrograms(DevmapRecord devmap) => new(DevmapErrors.NoEgressPrograms(devmap.Name));

    /// <summary>No egress program of this name is loaded.</summary>
    public static ControlPlaneException NoSuchProgram(string name) => new(ProgramErrors.NotFound(name));
}

/// <summary>Collects all differences between a pinned devmap and its definition.</summary>
public sealed class DevmapDifferences
{
    private readonly List<string> _found = [];

    /// <summary>Notes a difference if the two values are not equal.</summary>
    public void Compare<T>(string what, T? pinned, T? configured)
    {
        if (!EqualityComparer<T>.Default.Equals(pinned, configured))
            _found.Add(string.Create(CultureInfo.InvariantCulture, $"{what}: pinned {Text(pinned)}, configured {Text(configured)}"));
    }

    /// <summary>Compares the settings that cannot change, under their names in the configuration.</summary>
    public void Compare(DevmapSpec pinned, DevmapSpec configured)
    {
        Compare(nameof(pinned.MaxEntries), pinned.MaxEntries, configured.MaxEntries);
        Compare(nameof(pinned.ValueSize), pinned.ValueSize, configured.ValueSize);
        Compare(nameof(pinned.NumaNode), pinned.NumaNode, configured.NumaNode);
        Compare(nameof(pinned.KeySelector), pinned.KeySelector, configured.KeySelector);
    }

    /// <summary>Throws if there is a difference.</summary>
    /// <exception cref="ControlPlaneException">There are differences; the error lists all of them.</exception>
    public void ThrowIfAny(string devmap, string folder)
    {
        if (_found.Count == 0)
            return;
        throw new ControlPlaneException(DevmapErrors.PinnedDiffers(devmap, folder, _found));
    }

    private static string Text<T>(T? value) => value?.ToString() ?? "none";
}
