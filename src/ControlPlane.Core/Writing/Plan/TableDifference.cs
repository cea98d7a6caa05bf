using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>A whole table, or a part of one, as a caller asks for it.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Items">The entries of the scope as they must be. Each has its specs with the owner and the labels of the scope.</param>
/// <param name="IsInScope">Whether an entry is in the scope: it is deleted unless an item names it.</param>
/// <param name="Owner">The owner of the scope; null for none.</param>
internal sealed record TableWrite(DevmapId Devmap, IReadOnlyList<EntryWrite> Items, Func<EntryRecord, bool> IsInScope, string? Owner)
{
    /// <summary>Whether entries of other owners may be deleted.</summary>
    public bool Force { get; init; }

    /// <summary>The most entries that may be deleted; null for the default.</summary>
    public int? AllowDeletions { get; init; }
}

/// <summary>The difference between a table as it must be and as it stands: the writes that make the one into the other.</summary>
internal sealed class TableDifference
{
    // The default of the most deletions: ten entries, or one in twenty of the scope.
    private const int FewDeletions = 10, PartOfScope = 20;

    private const string Table = "entries";

    private readonly PlanContext _context;
    private readonly Caller _caller;
    private readonly TableWrite _asked;
    private readonly WorkingDevmap _devmap;
    private readonly List<(string Path, ResolvedWrite Write)> _writes = [];
    private readonly HashSet<EntryKey> _named;
    private readonly List<(string Path, Error Error)> _errors = [];
    private int _inScope;

    private TableDifference(PlanContext context, Caller caller, TableWrite asked) =>
        (_context, _caller, _asked, _devmap, _named) = (context, caller, asked, context.Devmap(asked.Devmap), new HashSet<EntryKey>(asked.Items.Count));

    /// <summary>The writes that change something: the puts in the order of the items, then the deletions.</summary>
    public IEnumerable<ResolvedWrite> Writes => _writes.Select(w => w.Write);

    /// <summary>The writes, as they are judged together.</summary>
    public EntryWrites Together { get; } = new();

    /// <summary>The keys of the items.</summary>
    public IReadOnlyCollection<EntryKey> Named => _named;

    /// <summary>How many entries are new.</summary>
    public int Created { get; private set; }

    /// <summary>How many entries change.</summary>
    public int Changed { get; private set; }

    /// <summary>How many entries go.</summary>
    public int Deleted { get; private set; }

    /// <summary>How many entries are as they must be.</summary>
    public int Unchanged { get; private set; }

    /// <summary>Returns the difference.</summary>
    /// <exception cref="ControlPlaneException">Writes fail as things stand. The error names all of them.</exception>
    public static TableDifference Of(PlanContext context, Caller caller, TableWrite asked)
    {
        var difference = new TableDifference(context, caller, asked);
        difference.AddItems();
        // An entry whose item has an error is not known to be named.
        if (difference._errors.Count == 0)
            difference.AddDeletions();
        difference.Judge();
        return difference;
    }

    /// <summary>Returns why the call needs an option: it would write entries of others, or delete very many. Null if it needs none.</summary>
    public Error? FindProtection()
    {
        List<(string Path, Error Error)> others = [];
        foreach (var (path, write) in _writes)
        {
            if (write.FindOtherOwner() is { } foreign)
                others.Add((path, foreign));
        }

        var most = _asked.AllowDeletions ?? Math.Max(FewDeletions, _inScope / PartOfScope);
        if (Deleted > most)
            others.Add((Table, EntryErrors.TooManyDeletions(_devmap.Id.Name, Deleted, most, _inScope)));
        return others.Count == 0 ? null : RequestErrors.OfItems(others);
    }

    private void AddItems()
    {
        for (var i = 0; i < _asked.Items.Count; i++)
        {
            var item = _asked.Items[i];
            if (FindUnchanged(item) is { } known)
            {
                Unchanged++;
                if (!_named.Add(known))
                    _errors.Add((PathOf(i), EntryErrors.WrittenTwice(_devmap.NameOf(known))));
            }
            else if (Resolve(PathOf(i), item) is { } write)
            {
                if (!_named.Add(write.Id.Key))
                    _errors.Add((PathOf(i), EntryErrors.WrittenTwice(write.Name)));
                else if (write.Repeats && _context.HasLease(item.Spec?.Lease))
                    Unchanged++;
                else
                    Add(PathOf(i), write);
            }
        }
    }

    // In most calls, most items are so. An item that depends on more than the spec goes the long way.
    private EntryKey? FindUnchanged(EntryWrite item) =>
        item.Precondition == default && _caller.Limits.AreNone && _devmap.Find(item.Key) is { Record: var record } && record.Spec == item.Spec
        && _context.HasLease(record.Spec.Lease) ? record.Key : null;

    private void AddDeletions()
    {
        foreach (var entry in _devmap.Entries.Freeze().All())
        {
            if (!_asked.IsInScope(entry.Record))
                continue;
            _inScope++;
            if (!_named.Contains(entry.Record.Key) && Resolve(Table, DeletionOf(entry)) is { } write)
                Add(Table, write);
        }
    }

    private EntryWrite DeletionOf(PlacedEntry entry) =>
        new(_devmap.Id, entry.Record.Key, null, false, default) { Owner = _asked.Owner, Force = _asked.Force };

    private ResolvedWrite? Resolve(string path, EntryWrite asked)
    {
        try
        {
            return ResolvedWrite.Of(_context, _caller, asked);
        }
        catch (ControlPlaneException e)
        {
            _errors.Add((path, e.Error));
            return null;
        }
    }

    private void Add(string path, ResolvedWrite write)
    {
        Together.Add(write);
        _writes.Add((path, write));
        if (write.Spec is null)
            Deleted++;
        else if (write.Adds)
            Created++;
        else
            Changed++;
    }

    // A devmap that becomes too full is one error, and not one for each new entry.
    private void Judge()
    {
        if (_devmap.Entries.Count + Together.GrowthOf(_devmap.Id) > _devmap.Definition.Spec.MaxEntries)
        {
            _errors.Add((Table, DevmapErrors.Full(_devmap.Id.Name, _devmap.Definition.Spec.MaxEntries)));
        }
        else
        {
            foreach (var (path, write) in _writes)
            {
                var refusals = new Refusals();
                write.Judge(_context, refusals, Together);
                _errors.AddRange(refusals.Found.Select(e => (path, e)));
            }
        }

        if (_errors.Count > 0)
            throw new ControlPlaneException(RequestErrors.OfItems(_errors));
    }

    private static string PathOf(int item) => string.Create(CultureInfo.InvariantCulture, $"{Table}[{item}]");
}
