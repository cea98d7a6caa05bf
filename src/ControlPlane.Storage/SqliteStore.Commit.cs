using ControlPlane.Core.Ports;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ControlPlane.Storage;

/// <summary>Commits: a start after a crash finds what was answered.</summary>
public sealed partial class SqliteStore
{
    // SQLite's primary result codes (https://sqlite.org/rescode.html) of a commit that was not written.
    private const int Busy = 5, Full = 13;

    private const int Attempts = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ChangeWriter _writer = new();
    private long _revision;
    private bool _hasFailed;
    private string? _damage;

    /// <inheritdoc/>
    public void Commit(StoreBatch batch)
    {
        RequireFiles();
        var (row, bytes) = (HistoryRow.Of(batch, _revision), 0);
        try
        {
            Transact(() =>
            {
                if (row is not null)
                    bytes = Append(row);
                foreach (var change in batch.Changes)
                {
                    if (!change.IsOfDesiredState)
                        _statements.Apply(change);
                }
            });
        }
        catch (SqliteException e)
        {
            throw new StoreException($"{_path}: {e.Message}", e);
        }

        if (row is not null)
            Keep(row, bytes);
    }

    private int Append(HistoryRow row)
    {
        var body = _writer.Write(row);
        _statements.Append(row, body);
        return body.Length;
    }

    /// <inheritdoc/>
    public void Verify()
    {
        RequireFiles();
        try
        {
            if (_hasFailed)
                Transact(Rewrite);
        }
        catch (SqliteException e)
        {
            throw new StoreException($"{_path}: {e.Message}", e);
        }
    }

    /// <summary>Runs the work in a transaction and commits it.</summary>
    /// <exception cref="SqliteException">Nothing was changed.</exception>
    /// <exception cref="StoreOutcomeException">It is not known whether the changes are durable.</exception>
    private void Transact(Action work)
    {
        var isUncertain = false;
        try
        {
            // Immediate: a lock that another holds is found before anything is written.
            Execute(_connection, "BEGIN IMMEDIATE");
            work();
            isUncertain = true;
            Execute(_connection, "COMMIT");
            _hasFailed = false;
        }
        catch (SqliteException e)
        {
            _hasFailed = true;
            Rollback();
            if (isUncertain && e.SqliteErrorCode is not (Busy or Full))
                MakeVoid(e);
            throw;
        }
        finally
        {
            _files.Remember();
        }
    }

    // SQLite has already rolled back after some errors.
    private void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            Execute(_connection, "ROLLBACK");
    }

    /// <summary>
    /// Makes sure that a commit that failed is not made. The log may hold all of it, and then a start after a crash would find it. The next
    /// commit takes the same place in the log: once that is flushed, nothing of the failed one can be read.
    /// </summary>
    /// <exception cref="StoreOutcomeException">The log cannot be flushed.</exception>
    private void MakeVoid(SqliteException failure)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Execute(_connection, "BEGIN IMMEDIATE");
                Rewrite();
                Execute(_connection, "COMMIT");
                return;
            }
            catch (SqliteException e)
            {
                Rollback();
                if (attempt == Attempts)
                    throw new StoreOutcomeException($"{_path}: {failure.Message} The log cannot be flushed: {e.Message}", e);
                Thread.Sleep(Pause * attempt);
            }
        }
    }

    // SQLite writes no page whose content stays the same: therefore there and back.
    private void Rewrite() => Execute(_connection, "UPDATE meta SET revision = revision + 1; UPDATE meta SET revision = revision - 1");

    /// <summary>Checks that the files are those that were opened, and hold what this store wrote last.</summary>
    /// <exception cref="StoreException">They are not, or do not.</exception>
    private void RequireFiles()
    {
        if (_files.FindProblem() is { } problem)
            throw new StoreException(problem) { FilesLost = true };
        if (_files.AreTouched())
            _damage = Examine();
        if (_damage is not null)
            throw new StoreException(_damage) { FilesLost = true };
    }

    /// <summary>Reads what a start would find, from a copy: the open connection does not see damage to pages that it knows.</summary>
    /// <returns>Why that is not the content of this store; null if it is.</returns>
    /// <exception cref="StoreException">There is no room for a copy.</exception>
    private string? Examine()
    {
        var folder = Directory.CreateTempSubdirectory("devmapd-store-").FullName;
        try
        {
            var problem = Read(_files.Copy(folder));
            _files.Remember();
            return problem is null ? null : $"Another program has written into {_path} or its log: {problem}.";
        }
        catch (IOException e)
        {
            throw new StoreException($"Another program has written into {_path} or its log, and there is no room to examine it: {e.Message}", e);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string? Read(string copy)
    {
        try
        {
            using var connection = Connect(copy, SqliteOpenMode.ReadWrite);
            Schema.Check(connection, _path);
            return ReadRevisions(connection) == (_checkpoint, _revision) ? null : "changes of the daemon are missing";
        }
        catch (Exception e) when (e is SqliteException or StoreException)
        {
            return e.Message;
        }
    }
}
