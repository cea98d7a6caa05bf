using ControlPlane.Core.Model;
using ControlPlane.Simulation;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>Where histories are made: so little of everything that callers get into each other's way.</summary>
internal static class SmallSetup
{
    /// <summary>An interface that comes and goes.</summary>
    public const string Flapping = "sim3";

    /// <summary>The interfaces of <see cref="SimulatedHost.WithInterfaces"/>.</summary>
    public static IReadOnlyList<string> Links { get; } = ["lo", "sim0", "sim1", "sim2", Flapping];

    /// <summary>Keys that are the index of an interface, and thus mean it.</summary>
    public static IReadOnlyDictionary<string, string> NameOfIndex { get; } = new Dictionary<string, string> { ["2"] = "sim0", ["3"] = "sim1" };

    public static DevmapRecord ByVlan { get; } = new("small", new DevmapSpec(2, KeySelector: KeySelector.Vlan));

    public static DevmapRecord ByInterface { get; } = new("single", new DevmapSpec(1));

    /// <summary>Every key of every devmap, in any form.</summary>
    public static IReadOnlyList<(string Devmap, string Key)> Keys { get; } =
    [
        .. Enumerable.Range(1, 3).Select(k => (ByVlan.Name, $"{k}")),
        .. new[] { "sim0", "2", "3" }.Select(k => (ByInterface.Name, k)),
    ];

    public static uint Capacity(string devmap) => (devmap == ByVlan.Name ? ByVlan : ByInterface).Spec.MaxEntries;

    public static string EntryText(string target, string? program, int label) => $"{target} {program ?? "-"} {label}";
}
