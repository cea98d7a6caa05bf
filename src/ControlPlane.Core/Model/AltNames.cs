using System.Collections;

namespace ControlPlane.Core.Model;

/// <summary>The alternative names of an interface (<c>IFLA_ALT_IFNAME</c>), in the kernel's order. Compared by content.</summary>
public sealed class AltNames : IReadOnlyList<string>, IEquatable<AltNames>
{
    private readonly string[] _names;

    /// <summary>Creates a list of these names.</summary>
    public AltNames(IEnumerable<string> names) => _names = [.. names];

    /// <summary>No names.</summary>
    public static AltNames None { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _names.Length;

    /// <inheritdoc/>
    public string this[int index] => _names[index];

    /// <inheritdoc/>
    public bool Equals(AltNames? other) => other is not null && _names.AsSpan().SequenceEqual(other._names);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AltNames);

    /// <inheritdoc/>
    public override int GetHashCode() => _names.Length == 0 ? 0 : HashCode.Combine(_names.Length, _names[0], _names[^1]);

    /// <inheritdoc/>
    public IEnumerator<string> GetEnumerator() => ((IEnumerable<string>)_names).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _names.GetEnumerator();
}
