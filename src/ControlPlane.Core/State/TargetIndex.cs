using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>
/// Which entries, over all devmaps, send to which interface with which egress program. The kernel queues frames by device,
/// so one device must have one program: this index is what that rule is checked against. For the writer only.
/// </summary>
internal sealed class TargetIndex
{
    private readonly Dictionary<string, Target> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _programUse = new(StringComparer.Ordinal);

    /// <summary>The interfaces that entries send to.</summary>
    public IEnumerable<string> Interfaces => _targets.Keys;

    /// <summary>How many entries carry the program.</summary>
    public int UseOf(string program) => _programUse.GetValueOrDefault(program);

    /// <summary>The name of a devmap one of whose entries carries the program, which entries must carry.</summary>
    public string DevmapWith(string program) =>
        _targets.Values.Where(t => t.ByProgram.ContainsKey(program)).SelectMany(t => t.ByProgram[program]).First().Devmap.Name;

    /// <summary>The entries that send to the interface.</summary>
    public IReadOnlyList<EntryId> EntriesOf(string interfaceName) =>
        _targets.TryGetValue(interfaceName, out var target) ? [.. target.ByProgram.Values.SelectMany(ids => ids)] : [];

    /// <summary>
    /// Returns an equal spec that an entry with the same target has already, or the given one: most entries of one target have equal specs, and
    /// then share it.
    /// </summary>
    public EntrySpec Shared(EntrySpec spec) => _targets.TryGetValue(spec.Interface, out var target) && target.LastSpec == spec ? target.LastSpec : spec;

    /// <summary>
    /// An entry other than <paramref name="self"/> that sends to the interface with another egress program than
    /// <paramref name="program"/>, and that program; null when there is none.
    /// </summary>
    public (EntryId Entry, string? Program)? FindConflict(string interfaceName, string? program, EntryId self)
    {
        if (!_targets.TryGetValue(interfaceName, out var target))
            return null;
        foreach (var (other, ids) in target.ByProgram)
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
        _targets.TryGetValue(interfaceName, out var target) && target.ByProgram.Values.Any(ids => ids.Any(id => devmaps(id.Devmap)));

    /// <summary>Whether entries send to the interface with different egress programs.</summary>
    public bool HasConflict(string interfaceName) => _targets.TryGetValue(interfaceName, out var target) && target.ByProgram.Count > 1;

    /// <summary>The egress programs entries send to the interface with (null: none), each with one of these entries.</summary>
    public IReadOnlyList<(string? Program, EntryId Entry)> ProgramsOf(string interfaceName) =>
        _targets.TryGetValue(interfaceName, out var target)
            ? [.. target.ByProgram.Select(p => (p.Key.Length == 0 ? null : p.Key, p.Value.First()))]
            : [];

    /// <summary>Returns a summary of the entries that send to the interface; null if none does.</summary>
    public TargetSummary? Summary(string interfaceName) => _targets.TryGetValue(interfaceName, out var target)
        ? new TargetSummary(target.ByProgram.Values.Sum(ids => ids.Count), target.Revisions.Highest)
        : null;

    /// <summary>Returns the highest revision among the entries that send to the interface; 0 if none does.</summary>
    public long RevisionOf(string interfaceName) => _targets.GetValueOrDefault(interfaceName)?.Revisions.Highest ?? 0;

    /// <summary>Adds an entry.</summary>
    public void Add(EntryId id, EntryRecord record)
    {
        var program = record.Spec.EgressProgram;
        if (!_targets.TryGetValue(record.Spec.Interface, out var target))
            _targets[record.Spec.Interface] = target = new Target();
        if (!target.ByProgram.TryGetValue(program ?? "", out var ids))
            target.ByProgram[program ?? ""] = ids = [];
        ids.Add(id);
        target.Revisions.Add(record.Revision);
        target.LastSpec = record.Spec;
        if (program is not null)
            _programUse[program] = _programUse.GetValueOrDefault(program) + 1;
    }

    /// <summary>Removes an entry that was added with the same arguments.</summary>
    public void Remove(EntryId id, EntryRecord record)
    {
        var (interfaceName, program) = (record.Spec.Interface, record.Spec.EgressProgram);
        var target = _targets[interfaceName];
        target.Revisions.Remove(record.Revision);
        var ids = target.ByProgram[program ?? ""];
        ids.Remove(id);
        if (ids.Count == 0)
            target.ByProgram.Remove(program ?? "");
        if (target.ByProgram.Count == 0)
            _targets.Remove(interfaceName);
        if (program is not null && --_programUse[program] == 0)
            _programUse.Remove(program);
    }

    private sealed class Target
    {
        public Dictionary<string, HashSet<EntryId>> ByProgram { get; } = new(StringComparer.Ordinal);

        public RevisionList Revisions { get; } = new();

        public EntrySpec? LastSpec { get; set; }
    }
}

/// <summary>The entries that send to one interface.</summary>
/// <param name="Entries">How many there are, over all devmaps.</param>
/// <param name="Revision">The highest revision among them.</param>
internal sealed record TargetSummary(int Entries, long Revision);

/// <summary>
/// The revisions of the entries of one interface, for the highest of them. New revisions are higher than all before, so they are appended;
/// a removed revision is struck out in its place. Eight bytes per entry; adding is O(1), removing O(log n).
/// </summary>
internal sealed class RevisionList
{
    // In ascending order of their amounts; a negative one is struck out. The last one is never struck out.
    private readonly List<long> _revisions = [];
    private int _struck;
    private bool _isSorted = true;

    /// <summary>The highest revision; 0 if there is none.</summary>
    public long Highest
    {
        get
        {
            Sort();
            return _revisions.Count == 0 ? 0 : _revisions[^1];
        }
    }

    /// <summary>Adds a revision, which no other entry has.</summary>
    public void Add(long revision)
    {
        // Only a start reads entries in another order than that of their revisions.
        _isSorted &= _revisions.Count == 0 || Math.Abs(_revisions[^1]) < revision;
        _revisions.Add(revision);
    }

    /// <summary>Removes a revision.</summary>
    public void Remove(long revision)
    {
        Sort();
        var at = _revisions.BinarySearch(revision, ByAmount.Instance);
        if (at < 0 || _revisions[at] < 0)
            return;
        _revisions[at] = -revision;
        _struck++;
        while (_revisions.Count > 0 && _revisions[^1] < 0)
        {
            _revisions.RemoveAt(_revisions.Count - 1);
            _struck--;
        }

        if (_struck <= _revisions.Count / 2)
            return;
        _revisions.RemoveAll(r => r < 0);
        _struck = 0;
    }

    private void Sort()
    {
        if (_isSorted)
            return;
        _revisions.RemoveAll(r => r < 0);
        _revisions.Sort();
        (_struck, _isSorted) = (0, true);
    }

    private sealed class ByAmount : IComparer<long>
    {
        public static ByAmount Instance { get; } = new();

        public int Compare(long x, long y) => Math.Abs(x).CompareTo(Math.Abs(y));
    }
}
