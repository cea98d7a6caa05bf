
namespace ControlPlane.Core.State;

/// <summary>
/// Which entries, over all devmaps, send to which interface with which egress program. The kernel queues frames by device,
/// so one device must have one program: this index is what that rule is checked against. For the writer only.
/// </summary>
internal sealed class TargetIndex
{
    private readonly Dictionary<string, Dictionary<string, HashSet<EntryId>>> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _programUse = new(StringComparer.Ordinal);

    /// <summary>The interfaces that entries send to.</summary>
    public IEnumerable<string> Interfaces => _targets.Keys;

    /// <summary>How many entries carry the program.</summary>
    public int UseOf(string program) => _programUse.GetValueOrDefault(program);

    /// <summary>The entries that send to the interface.</summary>
    public IReadOnlyList<EntryId> EntriesOf(string interfaceName) =>
        _targets.TryGetValue(interfaceName, out var byProgram) ? [.. byProgram.Values.SelectMany(ids => ids)] : [];

    /// <summary>
    /// An entry other than <paramref name="self"/> that sends to the interface with another egress program than
    /// <paramref name="program"/>, and that program; null when there is none.
    /// </summary>
    public (EntryId Entry, string? Program)? FindConflict(string interfaceName, string? program, EntryId self)
    {
        if (!_targets.TryGetValue(interfaceName, out var byProgram))
            return null;
        foreach (var (other, ids) in byProgram)
        {
            if (other == (program ?? ""))
                continue;
            foreach (var id in ids)
            {
                if (id != self)
                    return (id, other.Length == 0 ? null : other);
            }
        }

        return null;
    }

    /// <summary>Whether any entry of such a devmap sends to the interface.</summary>
    public bool IsTargetOf(string interfaceName, Func<DevmapId, bool> devmaps) =>
        _targets.TryGetValue(interfaceName, out var byProgram) && byProgram.Values.Any(ids => ids.Any(id => devmaps(id.Devmap)));

    /// <summary>Whether entries send to the interface with different egress programs.</summary>
    public bool HasConflict(string interfaceName) => _targets.TryGetValue(interfaceName, out var byProgram) && byProgram.Count > 1;

    /// <summary>The egress programs entries send to the interface with (null: none), each with one of these entries.</summary>
    public IReadOnlyList<(string? Program, EntryId Entry)> ProgramsOf(string interfaceName) =>
        _targets.TryGetValue(interfaceName, out var byProgram)
            ? [.. byProgram.Select(p => (p.Key.Length == 0 ? null : p.Key, p.Value.First()))]
            : [];

    /// <summary>Adds an entry.</summary>
    public void Add(EntryId id, string interfaceName, string? program)
    {
        if (!_targets.TryGetValue(interfaceName, out var byProgram))
            _targets[interfaceName] = byProgram = new Dictionary<string, HashSet<EntryId>>(StringComparer.Ordinal);
        if (!byProgram.TryGetValue(program ?? "", out var ids))
            byProgram[program ?? ""] = ids = [];
        ids.Add(id);
        if (program is not null)
            _programUse[program] = _programUse.GetValueOrDefault(program) + 1;
    }

    /// <summary>Removes an entry that was added with the same arguments.</summary>
    public void Remove(EntryId id, string interfaceName, string? program)
    {
        var byProgram = _targets[interfaceName];
        var ids = byProgram[program ?? ""];
        ids.Remove(id);
        if (ids.Count == 0)
            byProgram.Remove(program ?? "");
        if (byProgram.Count == 0)
            _targets.Remove(interfaceName);
        if (program is not null && --_programUse[program] == 0)
            _programUse.Remove(program);
    }
}
