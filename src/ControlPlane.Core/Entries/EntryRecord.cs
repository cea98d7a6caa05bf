using System.Collections.Immutable;
using ControlPlane.Core.Keys;

namespace ControlPlane.Core.Entries;

/// <summary>The desired state of one entry. Immutable: a change makes a new record under a higher revision.</summary>
/// <param name="Devmap">The devmap it is in.</param>
/// <param name="Key">Its identity there.</param>
/// <param name="Interface">The name of the egress interface.</param>
/// <param name="EgressProgram">The egress program, or null for none.</param>
/// <param name="Labels">The caller's own notes, in order of their names.</param>
/// <param name="Revision">The revision of its last change.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record EntryRecord(
    string Devmap,
    EntryKey Key,
    string Interface,
    string? EgressProgram,
    ImmutableSortedDictionary<string, string> Labels,
    long Revision,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);
