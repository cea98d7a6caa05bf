using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Storage;

/// <summary>The history of a <see cref="MemoryStore"/>.</summary>
internal sealed class MemoryHistory(HistoryOptions options) : IChangeHistory
{
    // About as much as a change of an entry takes in memory, and the most of them: a simulation can run for long.
    private const int BytesPerChange = 1024;
    private const int MostChanges = 65_536;

    // History goes in portions.
    private const int Slack = 16;

    private readonly Lock _lock = new();
    private readonly List<HistoryRow> _rows = [];
    private long _floor;
    private long _changes;

    /// <inheritdoc/>
    public long Floor
    {
        get
        {
            lock (_lock)
                return _floor;
        }
    }

    /// <summary>Adds a commit, and lets old ones go.</summary>
    public void Add(HistoryRow row)
    {
        lock (_lock)
        {
            _rows.Add(row);
            _changes += row.Changes.Count;
            if (!IsTooLong(_rows[0], row, Slack))
                return;
            var old = 0;
            // The last one stays: the next can void it.
            for (; old < _rows.Count - 1 && IsTooLong(_rows[old], row, int.MaxValue); old++)
            {
                _floor = _rows[old].Last;
                _changes -= _rows[old].Changes.Count;
            }

            _rows.RemoveRange(0, old);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ChangeCommit>? Read(long after, long upTo, int most)
    {
        lock (_lock)
        {
            if (after < _floor)
                return null;
            var commits = new List<ChangeCommit>();
            for (var (i, left) = (IndexAfter(after), most); left > 0 && i < _rows.Count && _rows[i].Last <= upTo; i++)
            {
                commits.Add(_rows[i].ToCommit(after, i + 1 < _rows.Count ? _rows[i + 1].Refusals : null));
                left -= commits[^1].Changes.Count;
            }

            return commits;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ChangeCommit> ReadBack(long before, int most)
    {
        lock (_lock)
        {
            var commits = new List<ChangeCommit>();
            for (var (i, left) = (IndexAfter(before - 1) - 1, most); left > 0 && i >= 0; i--)
            {
                commits.Add(_rows[i].ToCommit(0, i + 1 < _rows.Count ? _rows[i + 1].Refusals : null));
                left -= commits[^1].Changes.Count;
            }

            return commits;
        }
    }

    private bool IsTooLong(HistoryRow oldest, HistoryRow newest, int slack)
    {
        var most = Math.Min(options.MaxBytes / BytesPerChange, MostChanges);
        return _changes > most + (most / slack) || newest.Time - oldest.Time > options.MaxAge + (options.MaxAge / slack);
    }

    // The first row that ends after the revision.
    private int IndexAfter(long revision)
    {
        var (low, high) = (0, _rows.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_rows[middle].Last > revision)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
