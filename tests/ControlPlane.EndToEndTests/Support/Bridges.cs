using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>Many cheap devices to point entries at, of a kind that every kernel has.</summary>
internal sealed class Bridges(NetworkNamespace space, int count)
{
    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Names { get; } = [.. Enumerable.Range(0, count).Select(i => $"bridge.{i}")];

    /// <summary>Makes those of these names, and sets them up.</summary>
    public void Add(IEnumerable<string> names) =>
        Batch(names.SelectMany(n => new[] { $"link add {n} type bridge", $"link set dev {n} up" }));

    /// <summary>Removes those of these names, one after another.</summary>
    public void Remove(IEnumerable<string> names) => Batch(names.Select(n => $"link del dev {n}"));

    private void Batch(IEnumerable<string> commands) => space.ShellWithInput(string.Join('\n', commands), "ip", "-batch", "-");
}
