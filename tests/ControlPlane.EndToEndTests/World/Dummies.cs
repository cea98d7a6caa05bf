using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.World;

/// <summary>Many cheap devices to point entries at.</summary>
internal sealed class Dummies(NetworkNamespace space, int count)
{
    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Names { get; } = [.. Enumerable.Range(0, count).Select(i => $"dummy.{i}")];

    /// <summary>Makes those of these names, and sets them up.</summary>
    public void Add(IEnumerable<string> names) =>
        Batch(names.SelectMany(n => new[] { $"link add {n} type dummy", $"link set dev {n} up" }));

    /// <summary>Removes those of these names, one after another.</summary>
    public void Remove(IEnumerable<string> names) => Batch(names.Select(n => $"link del dev {n}"));

    private void Batch(IEnumerable<string> commands) => space.ShellWithInput(string.Join('\n', commands), "ip", "-batch", "-");
}
