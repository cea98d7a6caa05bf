namespace ControlPlane.Core.State;

/// <summary>Entries by a name that their specs have, such as that of a lease. For the writer's thread.</summary>
internal sealed class NamedEntries
{
    private readonly Dictionary<string, EntryIdSet> _byName = new(StringComparer.Ordinal);

    /// <summary>The names that entries have.</summary>
    public IReadOnlyCollection<string> Names => _byName.Keys;

    /// <summary>Returns the entries with a name.</summary>
    public EntryIdSet Of(string name) => _byName.GetValueOrDefault(name) ?? EntryIdSet.Empty;

    /// <summary>The spec of an entry changes: it had a name before, and has another one now. Null for none.</summary>
    public void Replace(EntryId id, string? before, string? after)
    {
        if (before == after)
            return;
        if (before is not null && _byName.TryGetValue(before, out var left))
        {
            left.Remove(id);
            if (left.Count == 0)
                _byName.Remove(before);
        }

        if (after is null)
            return;
        if (!_byName.TryGetValue(after, out var entered))
            _byName[after] = entered = new EntryIdSet();
        entered.Add(id);
    }
}
