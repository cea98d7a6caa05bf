using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Storage;

/// <summary>
/// The changes that the tables do not have yet: of each resource the last one, in the order in which the resources first changed. The tables may
/// have any of these resources as any change left it, because a start applies all of these changes again.
/// </summary>
internal sealed class PendingChanges
{
    private readonly Dictionary<ChangedResource, (StoreChange Change, long Before)> _last = [];
    private readonly Queue<ChangedResource> _order = new();
    private readonly Queue<(long Revision, long Bytes)> _rows = new();

    /// <summary>How many resources have changed.</summary>
    public int Count => _last.Count;

    /// <summary>How many commits the tables do not have.</summary>
    public int Rows => _rows.Count;

    /// <summary>The bytes of these commits.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a commit.</summary>
    /// <param name="row">The commit.</param>
    /// <param name="before">The revision before the commit.</param>
    /// <param name="bytes">The size of the row.</param>
    public void Add(HistoryRow row, long before, long bytes)
    {
        _rows.Enqueue((row.Last, bytes));
        Bytes += bytes;
        foreach (var change in row.Changes)
        {
            var resource = change.Resource!;
            if (_last.TryGetValue(resource, out var known))
            {
                _last[resource] = (change, known.Before);
                continue;
            }

            _last.Add(resource, (change, before));
            _order.Enqueue(resource);
        }
    }

    /// <summary>Takes the changes of the resources that changed first, in the order of the tables.</summary>
    /// <param name="most">The most of them.</param>
    public StoreChange[] Take(int most)
    {
        var taken = new StoreChange[Math.Min(most, _order.Count)];
        for (var i = 0; i < taken.Length; i++)
        {
            _last.Remove(_order.Dequeue(), out var last);
            taken[i] = last.Change;
        }

        // Neighbours share a page.
        Array.Sort(taken, static (a, b) => Compare(a.Resource!, b.Resource!));
        return taken;
    }

    /// <summary>Returns the revision up to which the tables have everything once they have what was taken.</summary>
    /// <param name="last">The revision of the last commit.</param>
    public long RevisionOf(long last) => _order.TryPeek(out var first) ? _last[first].Before : last;

    /// <summary>Returns the bytes of the commits up to a revision.</summary>
    public long BytesUpTo(long revision) => _rows.TakeWhile(r => r.Revision <= revision).Sum(r => r.Bytes);

    /// <summary>Lets the commits up to a revision go: the tables have them.</summary>
    public void Leave(long revision)
    {
        while (_rows.TryPeek(out var row) && row.Revision <= revision)
            Bytes -= _rows.Dequeue().Bytes;
    }

    private static int Compare(ChangedResource a, ChangedResource b)
    {
        if (a.Kind != b.Kind)
            return a.Kind.CompareTo(b.Kind);
        if (string.CompareOrdinal(a.Devmap, b.Devmap) is not 0 and var devmaps)
            return devmaps;
        if ((a.Key, b.Key) is not ({ } key, { } other))
            return string.CompareOrdinal(a.Name, b.Name);
        return string.CompareOrdinal(key.InterfaceName ?? "", other.InterfaceName ?? "") is not 0 and var names ? names : key.Number.CompareTo(other.Number);
    }
}
