using ControlPlane.Core.Ports;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>
/// The tables follow the history in larger transactions, and old history goes. A commit that is in the history is durable; whatever of this work
/// is lost or half done, the next start does again.
/// </summary>
public sealed partial class SqliteStore
{
    // A checkpoint begins with so many resources, commits or bytes, or after so long.
    private const int MostPending = 8192;
    private const int MostPendingRows = 65_536;
    private const int MostPendingBytes = 8 * 1024 * 1024;

    // The work of one transaction.
    private const int ChangesPerSlice = 512;
    private const int RowsPerSlice = 512;

    // The bytes of a row beside its body.
    private const int RowOverhead = 24;

    // History goes in portions: a little more than it may be is kept until then.
    private const int Slack = 16;

    private static readonly TimeSpan MostPendingTime = TimeSpan.FromMinutes(10);

    // The end of a process must not wait for a table of a million entries.
    private static readonly TimeSpan MostClosingTime = TimeSpan.FromSeconds(2);

    private readonly HistoryOptions _options;
    private readonly PendingChanges _pending = new();

    // The changes that are taken now, and how far that is.
    private StoreChange[] _taken = [];
    private int _applied;
    private int _left;
    private long _checkpoint;
    private long _historyBytes;
    private DateTimeOffset _newest;
    private DateTimeOffset? _oldest;
    private DateTimeOffset _pendingSince;

    /// <inheritdoc/>
    public bool Settle()
    {
        Begin();
        if (!HasWork)
            return false;
        try
        {
            RequireFiles();
            DoSlice();
            return HasWork;
        }
        catch (Exception e) when (e is SqliteException or StoreException)
        {
            // The next commit tells of a store that cannot be written.
            return false;
        }
    }

    private bool IsInCheckpoint => _left > 0 || _applied < _taken.Length;

    private bool HasWork => IsInCheckpoint || (IsTooLong(Slack) && _oldest is not null);

    private bool IsTooLong(int slack) =>
        _historyBytes + _pending.Bytes > _options.MaxBytes + (_options.MaxBytes / slack)
        || (_oldest is { } oldest && _newest - oldest > _options.MaxAge + (_options.MaxAge / slack));

    // The history can only go as far as the tables have it.
    private void Begin()
    {
        if (IsInCheckpoint || _pending.Rows == 0)
            return;
        if (_pending.Count >= MostPending || _pending.Rows >= MostPendingRows || _pending.Bytes >= MostPendingBytes || _newest - _pendingSince >= MostPendingTime
            || (IsTooLong(Slack) && _oldest is null))
            BeginCheckpoint();
    }

    private void BeginCheckpoint() => _left = Math.Max(1, _pending.Count);

    private void SettleAll()
    {
        var started = TimeProvider.System.GetTimestamp();
        try
        {
            RequireFiles();
            if (_pending.Rows > 0)
                BeginCheckpoint();
            while (HasWork && TimeProvider.System.GetElapsedTime(started) < MostClosingTime)
                DoSlice();
        }
        catch (Exception e) when (e is SqliteException or StoreException or StoreOutcomeException)
        {
            // The next start does it.
        }
    }

    private void Keep(HistoryRow row, int bytes)
    {
        if (_pending.Rows == 0)
            _pendingSince = row.Time;
        _pending.Add(row, _revision, bytes + RowOverhead);
        (_revision, _newest) = (row.Last, row.Time);
    }

    private void DoSlice()
    {
        if (IsInCheckpoint)
            ApplySlice();
        else
            DeleteSlice();
    }

    private void ApplySlice()
    {
        if (_applied == _taken.Length)
        {
            _taken = _pending.Take(Math.Min(_left, MostPending));
            (_applied, _left) = (0, _left - Math.Max(1, _taken.Length));
        }

        var end = Math.Min(_applied + ChangesPerSlice, _taken.Length);
        var revision = end == _taken.Length ? _pending.RevisionOf(_revision) : _checkpoint;
        var bytes = revision > _checkpoint ? _historyBytes + _pending.BytesUpTo(revision) : 0;
        Transact(() =>
        {
            for (var i = _applied; i < end; i++)
                _statements.Apply(_taken[i]);
            if (revision > _checkpoint)
                _statements.Checkpoint(revision, bytes);
        });
        _applied = end;
        if (end == _taken.Length)
            (_taken, _applied) = ([], 0);
        if (revision == _checkpoint)
            return;
        _pending.Leave(revision);
        (_checkpoint, _historyBytes, _pendingSince) = (revision, bytes, _newest);
        _oldest ??= ReadOldest();
    }

    private void DeleteSlice()
    {
        var (upTo, bytes) = (0L, _historyBytes);
        using (var command = _connection.CreateCommand())
        {
            command.CommandText = "SELECT last_revision, time, length(body) FROM changes WHERE last_revision <= $checkpoint ORDER BY last_revision LIMIT $rows";
            command.Parameters.AddWithValue("$checkpoint", _checkpoint);
            command.Parameters.AddWithValue("$rows", RowsPerSlice);
            using var reader = command.ExecuteReader();
            while (reader.Read() && (bytes + _pending.Bytes > _options.MaxBytes || _newest.UtcTicks - reader.GetInt64(1) > _options.MaxAge.Ticks))
                (upTo, bytes) = (reader.GetInt64(0), bytes - reader.GetInt64(2) - RowOverhead);
        }

        if (upTo > 0)
            Transact(() => _statements.DeleteHistory(upTo, bytes));
        _historyBytes = bytes;
        // Without a row that can go, the next checkpoint brings one.
        _oldest = upTo > 0 ? ReadOldest() : null;
    }

    // Of those that the tables have.
    private DateTimeOffset? ReadOldest()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT time FROM changes WHERE last_revision <= $checkpoint ORDER BY last_revision LIMIT 1";
        command.Parameters.AddWithValue("$checkpoint", _checkpoint);
        return command.ExecuteScalar() is long time ? new DateTimeOffset(time, TimeSpan.Zero) : null;
    }

    private void ReadCheckpoint()
    {
        using (var command = _connection.CreateCommand())
        {
            command.CommandText = "SELECT revision, history_bytes FROM meta";
            using var reader = command.ExecuteReader();
            reader.Read();
            (_checkpoint, _revision, _historyBytes) = (reader.GetInt64(0), reader.GetInt64(0), reader.GetInt64(1));
        }

        foreach (var (row, bytes) in SqliteHistory.RowsAfter(_connection, _checkpoint))
            Keep(row, bytes);
        _oldest = ReadOldest();
    }

    private static (long Checkpoint, long Last) ReadRevisions(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT revision, max(revision, coalesce((SELECT max(last_revision) FROM changes), 0)) FROM meta";
        using var reader = command.ExecuteReader();
        reader.Read();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
