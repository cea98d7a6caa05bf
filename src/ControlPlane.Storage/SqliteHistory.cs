using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>The history in the table of changes, through a connection of its own: readers neither wait for the writer nor hold it up.</summary>
internal sealed class SqliteHistory : IChangeHistory, IDisposable
{
    private readonly string _path;
    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;
    private bool _isClosed;

    /// <summary>Reads from the files as they are now, whatever becomes of their names.</summary>
    /// <param name="path">The path of the store.</param>
    /// <param name="connection">A connection to it, which the history takes over.</param>
    /// <exception cref="SqliteException">SQLite refused.</exception>
    public SqliteHistory(string path, SqliteConnection connection)
    {
        (_path, _connection) = (path, connection);
        // SQLite opens the log when it first reads.
        using var transaction = connection.BeginTransaction(deferred: true);
        FloorOf(transaction);
    }

    /// <inheritdoc/>
    public long Floor => Run(transaction => FloorOf(transaction));

    /// <inheritdoc/>
    public IReadOnlyList<ChangeCommit>? Read(long after, long upTo, int most) => Run(transaction => FloorOf(transaction) > after ? null : Read(transaction, after, upTo, most));

    /// <inheritdoc/>
    public IReadOnlyList<ChangeCommit> ReadBack(long before, int most) => Run(transaction => ReadBack(transaction, before, most));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _connection.Dispose();
        }
    }

    /// <summary>Returns the rows after a revision, the oldest first.</summary>
    /// <exception cref="FormatException">A row cannot be read.</exception>
    public static IEnumerable<(HistoryRow Row, int Bytes)> RowsAfter(SqliteConnection connection, long revision, SqliteTransaction? transaction = null)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT first_revision, last_revision, time, body FROM changes WHERE last_revision > $revision ORDER BY last_revision";
        command.Parameters.AddWithValue("$revision", revision);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var raw = Raw.Of(reader);
            yield return (raw.Decoded(), raw.Body.Length);
        }
    }

    private static List<ChangeCommit> Read(SqliteTransaction transaction, long after, long upTo, int most)
    {
        using var command = Select(transaction, "last_revision > $revision ORDER BY last_revision", after);
        using var reader = command.ExecuteReader();
        var commits = new List<ChangeCommit>();
        Raw? held = null;
        // A row can be shown once the next one has said which of its changes did not last.
        while (most > 0 && reader.Read())
        {
            var next = Raw.Of(reader);
            if (held is not null)
                Add(held, next);
            held = next.Last > upTo ? null : next;
            if (held is null)
                break;
        }

        if (held is not null && most > 0)
            Add(held, null);
        return commits;

        void Add(Raw row, Raw? next)
        {
            commits.Add(row.Decoded().ToCommit(after, next?.Refusals));
            most -= commits[^1].Changes.Count;
        }
    }

    private static List<ChangeCommit> ReadBack(SqliteTransaction transaction, long before, int most)
    {
        using var following = Select(transaction, "last_revision >= $revision ORDER BY last_revision LIMIT 1", before);
        using var after = following.ExecuteReader();
        var next = after.Read() ? Raw.Of(after) : null;
        using var command = Select(transaction, "last_revision < $revision ORDER BY last_revision DESC", before);
        using var reader = command.ExecuteReader();
        var commits = new List<ChangeCommit>();
        while (most > 0 && reader.Read())
        {
            var row = Raw.Of(reader);
            commits.Add(row.Decoded().ToCommit(0, next?.Refusals));
            most -= commits[^1].Changes.Count;
            next = row;
        }

        return commits;
    }

    private static SqliteCommand Select(SqliteTransaction transaction, string where, long revision)
    {
        var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // The texts are this file's own.
        command.CommandText = $"SELECT first_revision, last_revision, time, body FROM changes WHERE {where}";
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$revision", revision);
        return command;
    }

    private static long FloorOf(SqliteTransaction transaction)
    {
        using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "SELECT history_from FROM meta";
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    // Each call is one snapshot, and a short one: the log of the store cannot begin again while one is open.
    private T Run<T>(Func<SqliteTransaction, T> read)
    {
        lock (_lock)
        {
            if (_isClosed)
                throw new StoreException($"The store at {_path} is closed.");
            try
            {
                using var transaction = _connection.BeginTransaction(deferred: true);
                return read(transaction);
            }
            catch (Exception e) when (e is SqliteException or FormatException)
            {
                throw new StoreException($"The history in {_path} cannot be read: {e.Message}", e);
            }
        }
    }

    /// <summary>A row as it is stored.</summary>
    private sealed record Raw(long First, long Last, DateTimeOffset Time, byte[] Body)
    {
        public IReadOnlyDictionary<long, string>? Refusals => ChangeReader.IsVoiding(Body) ? Decoded().Refusals : null;

        public static Raw Of(SqliteDataReader row) => new(row.GetInt64(0), row.GetInt64(1), new DateTimeOffset(row.GetInt64(2), TimeSpan.Zero), row.GetFieldValue<byte[]>(3));

        public HistoryRow Decoded() => new(First, Last, Time, ChangeReader.Read(Body, Last, Time));
    }
}
