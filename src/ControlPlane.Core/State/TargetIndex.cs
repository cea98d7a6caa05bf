using System.Collections;
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

    // The entries lie under the program that they have in the kernel until the writer reaches them.
    private readonly Dictionary<string, Swapping> _swapping = new(StringComparer.Ordinal);

    /// <summary>The interfaces that entries send to.</summary>
    public IEnumerable<string> Interfaces => _targets.Keys;

    /// <summary>How many entries carry the program, or still stand in the kernel with it.</summary>
    public int UseOf(string program) => Math.Max(
        _programUse.GetValueOrDefault(program), _swapping.Values.Where(s => s.Record.EgressProgram == program).Sum(s => s.Entries));

    /// <summary>The name of a devmap one of whose entries carries the program, which entries must carry.</summary>
    public string DevmapWith(string program) =>
        _swapping.Values.FirstOrDefault(s => s.Record.EgressProgram == program)?.Record.Devmap
        ?? _targets.Values.Where(t => t.ByProgram.ContainsKey(program)).SelectMany(t => t.ByProgram[program].Devmaps).First().Name;

    /// <summary>Whether the kernel still follows a swap of egress programs.</summary>
    public bool HasSwaps => _swapping.Count > 0;

    /// <summary>Whether the kernel still follows a swap of the interface's egress program.</summary>
    public bool IsSwapping(string interfaceName) => _swapping.ContainsKey(interfaceName);

    /// <summary>All entries that send to the interface have another egress program from now on. The kernel has none of them yet.</summary>
    /// <param name="swap">The swap in one of the devmaps; all have the same program.</param>
    /// <param name="entries">How many entries it covers in that devmap.</param>
    public void Begin(SwapRecord swap, int entries)
    {
        var others = _swapping.GetValueOrDefault(swap.Interface) is { } known && known.Record.EgressProgram == swap.EgressProgram ? known.Entries : 0;
        _swapping[swap.Interface] = new Swapping(swap, others + entries);
    }

    /// <summary>The kernel has all entries of the interface as desired.</summary>
    public void End(string interfaceName) => _swapping.Remove(interfaceName);

    /// <summary>The entries that send to the interface.</summary>
    public IReadOnlyList<EntryId> EntriesOf(string interfaceName) =>
        _targets.TryGetValue(interfaceName, out var target) ? [.. target.ByProgram.Values.SelectMany(ids => ids)] : [];

    /// <summary>The entries that send to the interface, by the program that they have in the kernel (null: none).</summary>
    public IEnumerable<(string? Program, IReadOnlyCollection<EntryId> Entries)> GroupsOf(string interfaceName) =>
        _targets.TryGetValue(interfaceName, out var target)
            ? target.ByProgram.Select(p => (p.Key.Length == 0 ? null : p.Key, (IReadOnlyCollection<EntryId>)p.Value))
            : [];

    /// <summary>
    /// Returns an equal spec that an entry with the same target has already, or the given one: most entries of one target have equal specs, and
    /// then share it.
    /// </summary>
    public EntrySpec Shared(EntrySpec spec) => _targets.TryGetValue(spec.Interface, out var target) && target.LastSpec == spec ? target.LastSpec : spec;

    /// <summary>
    /// An entry other than <paramref name="self"/> that sends to the interface with another egress program than
    /// <paramref name="program"/>, and that program; null when there is none.
    /// </summary>
    public (EntryId Entry, string? Program)? FindConflict(string interfaceName, string? program, EntryId self) =>
        FindConflict(interfaceName, program, id => id == self);

    /// <summary>
    /// Returns an entry that is not written now and sends to the interface with another egress program than <paramref name="program"/>, and that
    /// program; null if there is none.
    /// </summary>
    public (EntryId Entry, string? Program)? FindConflict(string interfaceName, string? program, Func<EntryId, bool> isWritten)
    {
        if (!_targets.TryGetValue(interfaceName, out var target))
            return null;
        var desired = _swapping.GetValueOrDefault(interfaceName);
        if (desired is not null && desired.Record.EgressProgram == program)
            return null;
        foreach (var (other, ids) in target.ByProgram)
        {
            if (desired is null && other == (program ?? ""))
                continue;
            foreach (var id in ids)
            {
                if (!isWritten(id))
                    return (id, desired is not null ? desired.Record.EgressProgram : other.Length == 0 ? null : other);
            }
        }

        return null;
    }

    /// <summary>Whether any entry of such a devmap sends to the interface.</summary>
    public bool IsTargetOf(string interfaceName, Func<DevmapId, bool> devmaps) =>
        _targets.TryGetValue(interfaceName, out var target) && target.ByProgram.Values.Any(ids => ids.Devmaps.Any(devmaps));

    /// <summary>Whether entries send to the interface with different egress programs.</summary>
    public bool HasConflict(string interfaceName) =>
        !IsSwapping(interfaceName) && _targets.TryGetValue(interfaceName, out var target) && target.ByProgram.Count > 1;

    /// <summary>The egress programs entries send to the interface with (null: none), each with one of these entries.</summary>
    public IReadOnlyList<(string? Program, EntryId Entry)> ProgramsOf(string interfaceName) =>
        _targets.TryGetValue(interfaceName, out var target)
            ? [.. target.ByProgram.Select(p => (p.Key.Length == 0 ? null : p.Key, p.Value.First()))]
            : [];

    /// <summary>Returns a summary of the entries that send to the interface; null if none does.</summary>
    public TargetSummary? Summary(string interfaceName) => _targets.TryGetValue(interfaceName, out var target)
        ? new TargetSummary(target.ByProgram.Values.Sum(ids => ids.Count), RevisionOf(interfaceName))
        : null;

    /// <summary>Returns the highest revision among the entries that send to the interface; 0 if none does.</summary>
    public long RevisionOf(string interfaceName) => _targets.GetValueOrDefault(interfaceName) is { } target
        ? Math.Max(target.Revisions.Highest, _swapping.GetValueOrDefault(interfaceName)?.Record.Revision ?? 0)
        : 0;

    /// <summary>Adds an entry.</summary>
    public void Add(EntryId id, EntryRecord record)
    {
        var program = record.Spec.EgressProgram;
        if (!_targets.TryGetValue(record.Spec.Interface, out var target))
            _targets[record.Spec.Interface] = target = new Target();
        if (!target.ByProgram.TryGetValue(program ?? "", out var ids))
            target.ByProgram[program ?? ""] = ids = new EntryIdSet();
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

    /// <param name="Record">The swap in the devmap that came last.</param>
    /// <param name="Entries">How many entries the swap covers over all devmaps.</param>
    private sealed record Swapping(SwapRecord Record, int Entries);

    private sealed class Target
    {
        public Dictionary<string, EntryIdSet> ByProgram { get; } = new(StringComparer.Ordinal);

        public RevisionList Revisions { get; } = new();

        public EntrySpec? LastSpec { get; set; }
    }
}

/// <summary>
/// A set of entries. Keys that are numbers lie apart from names: a million of them are then sixteen to thirty bytes each, in arrays that the
/// garbage collector need not look into.
/// </summary>
internal sealed class EntryIdSet : IReadOnlyCollection<EntryId>
{
    private readonly Dictionary<DevmapId, (HashSet<uint> Numbers, HashSet<string> Names)> _byDevmap = [];

    /// <summary>No entries. It must not change.</summary>
    public static EntryIdSet Empty { get; } = new();

    /// <summary>The number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>The devmaps of the entries.</summary>
    public IEnumerable<DevmapId> Devmaps => _byDevmap.Keys;

    /// <summary>Returns every entry once.</summary>
    public IEnumerator<EntryId> GetEnumerator()
    {
        foreach (var (devmap, (numbers, names)) in _byDevmap)
        {
            foreach (var number in numbers)
                yield return new EntryId(devmap, EntryKey.OfNumber(number));
            foreach (var name in names)
                yield return new EntryId(devmap, EntryKey.OfInterface(name));
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Adds an entry, unless it is there.</summary>
    public void Add(EntryId id)
    {
        if (!_byDevmap.TryGetValue(id.Devmap, out var keys))
            _byDevmap[id.Devmap] = keys = ([], new HashSet<string>(StringComparer.Ordinal));
        if (id.Key.InterfaceName is { } name ? keys.Names.Add(name) : keys.Numbers.Add(id.Key.Number))
            Count++;
    }

    /// <summary>Removes an entry, if it is there.</summary>
    public void Remove(EntryId id)
    {
        if (!_byDevmap.TryGetValue(id.Devmap, out var keys))
            return;
        if (id.Key.InterfaceName is { } name ? keys.Names.Remove(name) : keys.Numbers.Remove(id.Key.Number))
            Count--;
        if (keys.Numbers.Count + keys.Names.Count == 0)
            _byDevmap.Remove(id.Devmap);
    }
}

/// <summary>The entries that send to one interface.</summary>
/// <param name="Entries">How many there are, over all devmaps.</param>
/// <param name="Revision">The highest revision among them.</param>
internal sealed record TargetSummary(int Entries, long Revision);

/// <summary>
/// The revisions of the entries of one interface, for the highest of them. New revisions are higher than all before, so they are appended;
/// a removed revision is struck out in its place. Eight bytes per entry; adding is O(1), removing O(log n). Entries that one swap has changed
/// share a revision, which is in the list once.
/// </summary>
internal sealed class RevisionList
{
    // In ascending order of their amounts; a negative one is struck out. The last one is never struck out.
    private readonly List<long> _revisions = [];

    // How many entries have a revision, if more than one.
    private readonly Dictionary<long, int> _shared = [];
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

    /// <summary>Adds the revision of an entry.</summary>
    public void Add(long revision)
    {
        if (_isSorted && _revisions.Count > 0 && _revisions[^1] >= revision && Share(revision))
            return;
        // Only a start reads entries in another order than that of their revisions.
        _isSorted &= _revisions.Count == 0 || Math.Abs(_revisions[^1]) < revision;
        _revisions.Add(revision);
    }

    /// <summary>Removes a revision.</summary>
    public void Remove(long revision)
    {
        Sort();
        if (_shared.TryGetValue(revision, out var holders))
        {
            if (holders > 2)
                _shared[revision] = holders - 1;
            else
                _shared.Remove(revision);
            return;
        }

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

    private bool Share(long revision)
    {
        if (_revisions.BinarySearch(revision, ByAmount.Instance) is not (>= 0 and var at) || _revisions[at] < 0)
            return false;
        _shared[revision] = _shared.GetValueOrDefault(revision, 1) + 1;
        return true;
    }

    private void Sort()
    {
        if (_isSorted)
            return;
        _revisions.RemoveAll(r => r < 0);
        _revisions.Sort();
        (_struck, _isSorted) = (0, true);
        var kept = 0;
        for (var i = 0; i < _revisions.Count; i++)
        {
            if (kept > 0 && _revisions[kept - 1] == _revisions[i])
                _shared[_revisions[i]] = _shared.GetValueOrDefault(_revisions[i], 1) + 1;
            else
                _revisions[kept++] = _revisions[i];
        }

        _revisions.RemoveRange(kept, _revisions.Count - kept);
    }

    private sealed class ByAmount : IComparer<long>
    {
        public static ByAmount Instance { get; } = new();

        public int Compare(long x, long y) => Math.Abs(x).CompareTo(Math.Abs(y));
    }
}
