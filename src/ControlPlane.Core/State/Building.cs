namespace ControlPlane.Core.State;

/// <summary>
/// A table of a devmap on its way: it is built beside the active one, and nobody sees it. Its desired entries are found again and again until nothing has
/// changed meanwhile. Each time, only the difference is written. For the writer's thread.
/// </summary>
/// <param name="programs">Returns the kernel's id of an egress program.</param>
internal sealed class Building(Func<string, uint> programs)
{
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private Dictionary<string, uint> _programs = new(StringComparer.Ordinal);

    /// <summary>The entries that the table has, or gets by what <see cref="Turn"/> has returned; null before the first time.</summary>
    public EntryTable? Entries { get; private set; }

    /// <summary>Interfaces have changed: the elements of entries that send to them may have to be others.</summary>
    public void Follow(IEnumerable<string> interfaces) => _changed.UnionWith(interfaces);

    /// <summary>Turns to another version of the entries, and returns the kernel keys whose elements have to be written or deleted for that.</summary>
    public IReadOnlyList<uint> Turn(EntryTable entries)
    {
        var (before, work) = (Entries, new List<uint>());
        var known = _programs;
        _programs = new Dictionary<string, uint>(StringComparer.Ordinal);
        foreach (var entry in entries.All())
        {
            var isSame = IsSame(entry.Record.Spec.EgressProgram, known);
            if (entry.KernelKey is { } key && !(isSame && before?.Find(key) is { } there && HasSameElement(there, entry)))
                work.Add(key);
        }

        foreach (var entry in before?.All() ?? [])
        {
            if (entry.KernelKey is { } key && entries.Find(key) is null)
                work.Add(key);
        }

        _changed.Clear();
        Entries = entries;
        return work;
    }

    // An egress program can have been loaded again.
    private bool IsSame(string? program, Dictionary<string, uint> known)
    {
        if (program is null)
            return true;
        if (!_programs.TryGetValue(program, out var id))
            _programs[program] = id = programs(program);
        return known.GetValueOrDefault(program) == id;
    }

    private bool HasSameElement(PlacedEntry before, PlacedEntry after)
    {
        var (was, now) = (before.Record.Spec, after.Record.Spec);
        return (ReferenceEquals(was, now) || (was.Interface == now.Interface && was.EgressProgram == now.EgressProgram && was.Actions == now.Actions))
            && (_changed.Count == 0 || !_changed.Contains(now.Interface));
    }
}
