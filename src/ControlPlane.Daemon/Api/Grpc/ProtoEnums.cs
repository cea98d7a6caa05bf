using System.Collections.Frozen;
using ControlPlane.Core.Model;
using V1 = Devmapd.V1;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>The values of a proto enum that stand for the members of an open set: each value has the name of its member.</summary>
internal sealed class ProtoEnum<T, TValue>
    where T : OpenSetMember
    where TValue : struct, Enum
{
    private readonly FrozenDictionary<T, TValue> _values;
    private readonly FrozenDictionary<TValue, T> _members;

    /// <exception cref="ArgumentException">A member has no value in the contract.</exception>
    public ProtoEnum(OpenSet<T> set)
    {
        _values = set.All.ToFrozenDictionary(m => m, m => Enum.Parse<TValue>(m.ToString()));
        _members = _values.ToFrozenDictionary(pair => pair.Value, pair => pair.Key);
    }

    /// <summary>Returns the value of a member.</summary>
    public TValue Of(T member) => _values[member];

    /// <summary>Returns the member that a value stands for; null for the unspecified value and for an unknown number.</summary>
    public T? Find(TValue value) => _members.GetValueOrDefault(value);
}

/// <summary>The open sets in the contract of gRPC.</summary>
internal static class ProtoEnums
{
    public static ProtoEnum<KeySelector, V1.KeySelector> KeySelectors { get; } = new(KeySelector.Set);

    public static ProtoEnum<EgressTemplate, V1.EgressTemplate> EgressTemplates { get; } = new(EgressTemplate.Set);
}
