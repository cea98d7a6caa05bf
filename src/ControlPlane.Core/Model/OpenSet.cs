using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace ControlPlane.Core.Model;

/// <summary>A member of an open set: the object that holds everything that is special about the member.</summary>
public abstract class OpenSetMember
{
    private protected OpenSetMember(string name, uint kernelValue) => (Name, KernelValue) = (name, kernelValue);

    /// <summary>The name in camelCase, as both APIs, the configuration and the store have it.</summary>
    public string Name { get; }

    /// <summary>The value of the member's enumerator in <c>bpf/devmapd.h</c>.</summary>
    public uint KernelValue { get; }

    /// <summary>Returns the name in PascalCase.</summary>
    public sealed override string ToString() => char.ToUpperInvariant(Name[0]) + Name[1..];
}

/// <summary>All members of an open set. A lookup of an unknown member fails; no member is a default.</summary>
/// <typeparam name="T">The type of the members.</typeparam>
public sealed class OpenSet<T>
    where T : OpenSetMember
{
    private readonly string _noun;
    private readonly FrozenDictionary<string, T> _byName;
    private readonly FrozenDictionary<uint, T> _byKernelValue;

    /// <param name="noun">A noun for a member, for error texts.</param>
    /// <param name="members">The members. Their names and kernel values are unique.</param>
    internal OpenSet(string noun, params T[] members)
    {
        (_noun, All, Names) = (noun, members, string.Join(", ", members.Select(m => m.Name)));
        _byName = members.ToFrozenDictionary(m => m.Name, StringComparer.Ordinal);
        _byKernelValue = members.ToFrozenDictionary(m => m.KernelValue);
    }

    /// <summary>All members, in the order of the contract.</summary>
    public IReadOnlyList<T> All { get; }

    /// <summary>The names of all members, separated by commas.</summary>
    public string Names { get; }

    /// <summary>Finds a member by its name.</summary>
    public bool TryFind(string? name, [NotNullWhen(true)] out T? member)
    {
        member = null;
        return name is not null && _byName.TryGetValue(name, out member);
    }

    /// <summary>Finds a member by its value in the kernel.</summary>
    public bool TryFind(uint kernelValue, [NotNullWhen(true)] out T? member) => _byKernelValue.TryGetValue(kernelValue, out member);

    /// <summary>Returns the member with this name.</summary>
    /// <exception cref="FormatException">The name is unknown.</exception>
    public T Named(string name) => TryFind(name, out var member) ? member : throw new FormatException(Unknown($"'{name}'"));

    /// <summary>Returns the error text for an unknown member.</summary>
    /// <param name="text">The unknown name or value.</param>
    public string Unknown(string text) => $"{text} is not {_noun} that this version knows; it knows {Names}";
}
