using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>Many cheap target devices, of a kind that every kernel has.</summary>
internal sealed class Bridges(NetworkNamespace space, int count)
{
    /// <summary>The names of all bridges.</summary>
    public IReadOnlyList<string> Names { get; } = [.. Enumerable.Range(0, count).Select(i => $"bridge.{i}")];

    /// <summary>Creates bridges and sets them up.</summary>
    public void Add(IEnumerable<string> names) =>
        Batch(names.SelectMany(n => new[] { $"link add {n} type bridge", $"link set dev {n} up" }));

    /// <summary>Removes bridges, one after another.</summary>
    public void Remove(IEnumerable<string> names) => Batch(names.Select(n => $"link del dev {n}"));

    private void Batch(IEnumerable<string> commands) => space.ShellWithInput(string.Join('\n', commands), "ip", "-batch", "-");
}
