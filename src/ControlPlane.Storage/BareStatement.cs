using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ControlPlane.Storage;

/// <summary>
/// A prepared statement without the layers of ADO.NET, which take as long as SQLite itself: for the changes of which one commit can have tens of
/// thousands. It runs inside a transaction that has the lock, so it never meets a lock of others.
/// </summary>
internal sealed class BareStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    /// <summary>Prepares the statement.</summary>
    /// <exception cref="SqliteException">SQLite refused.</exception>
    public BareStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(_database, sql, out _statement), _database);
    }

    /// <summary>Binds a text; null is NULL. Parameters count from 1.</summary>
    public void Bind(int parameter, string? text) =>
        SqliteException.ThrowExceptionForRC(text is null ? raw.sqlite3_bind_null(_statement, parameter) : raw.sqlite3_bind_text(_statement, parameter, text), _database);

    /// <summary>Binds a number.</summary>
    public void Bind(int parameter, long number) =>
        SqliteException.ThrowExceptionForRC(raw.sqlite3_bind_int64(_statement, parameter, number), _database);

    /// <summary>Binds bytes.</summary>
    public void Bind(int parameter, ReadOnlySpan<byte> bytes) =>
        SqliteException.ThrowExceptionForRC(raw.sqlite3_bind_blob(_statement, parameter, bytes), _database);

    /// <summary>Runs the statement, which returns no rows. It can then be bound and run again.</summary>
    /// <exception cref="SqliteException">SQLite refused.</exception>
    public void Run()
    {
        try
        {
            SqliteException.ThrowExceptionForRC(raw.sqlite3_step(_statement), _database);
        }
        finally
        {
            _ = raw.sqlite3_reset(_statement);
        }
    }

    public void Dispose() => _statement.Dispose();
}
