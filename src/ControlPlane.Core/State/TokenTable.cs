using System.Collections.Immutable;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>The tokens, by name and by the hash of their secrets. Immutable.</summary>
internal sealed class TokenTable
{
    private readonly ImmutableDictionary<string, TokenRecord> _byHash;

    private TokenTable(ImmutableSortedDictionary<string, TokenRecord> byName, ImmutableDictionary<string, TokenRecord> byHash) =>
        (ByName, _byHash) = (byName, byHash);

    /// <summary>No tokens.</summary>
    public static TokenTable Empty { get; } = new(
        ImmutableSortedDictionary.Create<string, TokenRecord>(StringComparer.Ordinal), ImmutableDictionary.Create<string, TokenRecord>(StringComparer.Ordinal));

    /// <summary>The tokens by name.</summary>
    public ImmutableSortedDictionary<string, TokenRecord> ByName { get; }

    /// <summary>Returns the token whose secret has this hash; null if there is none.</summary>
    public TokenRecord? FindByHash(string hash) => _byHash.GetValueOrDefault(hash);

    /// <summary>Returns the table with a token in the place of another of its name; null removes it.</summary>
    public TokenTable With(string name, TokenRecord? token)
    {
        var byHash = ByName.TryGetValue(name, out var before) ? _byHash.Remove(before.Hash) : _byHash;
        return token is null
            ? new TokenTable(ByName.Remove(name), byHash)
            : new TokenTable(ByName.SetItem(name, token), byHash.SetItem(token.Hash, token));
    }
}
