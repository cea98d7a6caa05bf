namespace ControlPlane.Core.Model;

/// <summary>The role of a caller. Each role includes those before it.</summary>
public enum Role
{
    /// <summary>Read everything but tokens.</summary>
    Viewer,

    /// <summary>Write entries and leases.</summary>
    Operator,

    /// <summary>Write everything, and manage tokens.</summary>
    Admin,
}

/// <summary>The limits of a token to some entries. A limited token reads as a viewer, and of all writes has those of entries and leases.</summary>
/// <param name="Devmaps">The devmaps whose entries it may write. Empty for any.</param>
/// <param name="Owners">The owners whose entries it may write. Empty for any.</param>
/// <param name="KeyRanges">The keys whose entries it may write: those in any of these ranges. Empty for any.</param>
public sealed record TokenLimits(IReadOnlyList<string> Devmaps, IReadOnlyList<string> Owners, IReadOnlyList<KeyRange> KeyRanges)
{
    /// <summary>No limits.</summary>
    public static TokenLimits None { get; } = new([], [], []);

    /// <summary>The devmaps whose entries it may write, at most 64. Empty for any.</summary>
    public IReadOnlyList<string> Devmaps { get; init; } = Devmaps ?? [];

    /// <summary>The owners whose entries it may write, at most 64. Empty for any.</summary>
    public IReadOnlyList<string> Owners { get; init; } = Owners ?? [];

    /// <summary>The keys whose entries it may write: those in any of these ranges, at most 64. Empty for any.</summary>
    public IReadOnlyList<KeyRange> KeyRanges { get; init; } = KeyRanges ?? [];

    /// <summary>Whether nothing is limited.</summary>
    internal bool AreNone => Devmaps.Count == 0 && Owners.Count == 0 && KeyRanges.Count == 0;

    /// <summary>Returns whether entries of the devmap may be written.</summary>
    public bool AllowDevmap(string devmap) =>
        (Devmaps.Count == 0 || Devmaps.Contains(devmap)) && (KeyRanges.Count == 0 || KeyRanges.Any(range => range.Devmap == devmap));

    /// <summary>Returns whether entries of the owner may be written; null is no owner.</summary>
    public bool AllowOwner(string? owner) => Owners.Count == 0 || (owner is not null && Owners.Contains(owner));

    /// <summary>Returns whether the entry of a key may be written.</summary>
    public bool AllowKey(string devmap, KeySelector selector, EntryKey key) =>
        KeyRanges.Count == 0 || KeyRanges.Any(range => range.Devmap == devmap && range.Contains(selector, key));
}

/// <summary>A range of keys of one devmap, both ends included. Numbers are compared as numbers, names of interfaces by their characters.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="From">The first key, in any text form.</param>
/// <param name="To">The last key, in any text form.</param>
public sealed record KeyRange(string Devmap, string From, string To)
{
    /// <summary>Returns whether a key is in the range.</summary>
    public bool Contains(KeySelector selector, EntryKey key) =>
        selector.Parse(From, out _) is { } from && selector.Parse(To, out _) is { } to && IsUpTo(from, key) && IsUpTo(key, to);

    /// <summary>Returns whether a key is the same as another or before it. A name and a number have no order.</summary>
    internal static bool IsUpTo(EntryKey key, EntryKey other) => (key.InterfaceName, other.InterfaceName) switch
    {
        (null, null) => key.Number <= other.Number,
        ({ } name, { } otherName) => string.CompareOrdinal(name, otherName) <= 0,
        _ => false,
    };

    /// <inheritdoc/>
    public override string ToString() => $"{Devmap}:{From}-{To}";
}
