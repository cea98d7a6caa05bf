using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Storage;

/// <summary>
/// The changes that the tables do not have yet: of each resource the last one, in the order in which the resources first changed. The tables may
/// have any of these resources as any change left it, because a start applies all of these changes again.
/// </summary>
internal sealed class PendingChanges
{
    private readonly Dictionary<ChangedResource, (StoreChange Change, long Before, long Place)> _last = [];
    private readonly Queue<(ChangedResource Resource, long Place)> _order = new();
    private readonly Queue<(long Revision, long Bytes)> _rows = new();
    private long _places;

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
            if (change is StoreChange.DeleteDevmap)
                LeaveAllOf(resource.Devmap!);
            if (_last.TryGetValue(resource, out var known))
            {
                _last[resource] = known with { Change = Joined(known.Change, change) };
                continue;
            }

            _last.Add(resource, (change, before, ++_places));
            _order.Enqueue((resource, _places));
        }
    }

    // Entries and attachments of the devmap go with it. Those of the next devmap of its name come after that.
    private void LeaveAllOf(string devmap)
    {
        foreach (var resource in _last.Keys.Where(r => r.Devmap == devmap && r.Kind != ChangedKind.Devmap).ToList())
            _last.Remove(resource);
    }

    // A devmap that was deleted and made again is a new one, whatever has changed since.
    private static StoreChange Joined(StoreChange first, StoreChange next) =>
        next is StoreChange.PutDevmap && first is StoreChange.DeleteDevmap or StoreChange.PutDevmap { Before: null } ? next with { Before = null } : next;

    /// <summary>Takes the changes of the resources that changed first, in the order of the tables.</summary>
    /// <param name="most">The most of them.</param>
    public StoreChange[] Take(int most)
    {
        var taken = new StoreChange[Math.Min(most, _last.Count)];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = First()!.Value.Change;
            _last.Remove(_order.Dequeue().Resource);
        }

        // Neighbours share a page.
        Array.Sort(taken, static (a, b) => Compare(a.Resource!, b.Resource!));
        return taken;
    }

    /// <summary>Returns the revision up to which the tables have everything once they have what was taken.</summary>
    /// <param name="last">The revision of the last commit.</param>
    public long RevisionOf(long last) => First() is { } first ? first.Before : last;

    /// <summary>Returns the bytes of the commits up to a revision.</summary>
    public long BytesUpTo(long revision) => _rows.TakeWhile(r => r.Revision <= revision).Sum(r => r.Bytes);

    /// <summary>Lets the commits up to a revision go: the tables have them.</summary>
    public void Leave(long revision)
    {
        while (_rows.TryPeek(out var row) && row.Revision <= revision)
            Bytes -= _rows.Dequeue().Bytes;
    }

    // Resources that were left have lost their place in the order.
    private (StoreChange Change, long Before, long Place)? First()
    {
        while (_order.TryPeek(out var first))
        {
            if (_last.TryGetValue(first.Resource, out var last) && last.Place == first.Place)
                return last;
            _order.Dequeue();
        }

        return null;
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
