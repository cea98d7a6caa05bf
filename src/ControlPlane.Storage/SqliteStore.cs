using ControlPlane.Core.Ports;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>
/// Desired state in one SQLite file: write-ahead log, <c>synchronous=FULL</c>, so a commit that returned has been synced to the disk.
/// Used by one thread, the writer's.
/// </summary>
public sealed partial class SqliteStore : IStore
{
    /// <summary>The file's name in the state directory.</summary>
    public const string FileName = "devmapd.db";

    /// <summary>The schema version that this program writes.</summary>
    public static int SchemaVersion => Schema.Version;

    // The pages after which SQLite brings its log into the database: about 2 MiB of them.
    private const int LogPages = 2048;

    // Others that hold the file (a backup, an inspection) must let go within this time.
    private const int BusyTimeoutSeconds = 2;

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly StoreStatements _statements;
    private readonly StoreFiles _files;
    private readonly SqliteHistory _history;

    private SqliteStore(string path, SqliteConnection connection, HistoryOptions options)
    {
        (_path, _connection, _statements, _options) = (path, connection, new StoreStatements(connection), options);
        // SQLite opens the log when it first reads.
        ReadCheckpoint();
        _files = new StoreFiles(path);
        _history = new SqliteHistory(path, Connect(path, SqliteOpenMode.ReadOnly));
    }

    /// <inheritdoc/>
    public IChangeHistory History => _history;

    /// <summary>Opens the store in this directory; makes a new one only where there is no file.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="history">How long changes are kept; null for the defaults.</param>
    /// <exception cref="StoreException">The file is there and is damaged, not ours, newer, or cannot be opened. It is left as it is.</exception>
    public static SqliteStore Open(string directory, HistoryOptions? history = null)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            Directory.CreateDirectory(directory);
            if (!File.Exists(path))
                Create(path);
            WriteLogAgain(path);
            var connection = Connect(path, SqliteOpenMode.ReadWrite);
            try
            {
                Schema.CheckAndMigrate(connection, path);
                Schema.Repack(connection);
                Execute(connection, "PRAGMA journal_mode = WAL");
                Execute(connection, "PRAGMA synchronous = FULL");
                Execute(connection, $"PRAGMA wal_autocheckpoint = {LogPages}");
                return new SqliteStore(path, connection, history ?? new HistoryOptions());
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is SqliteException or StoreException { Error: null } or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"The store at {path} cannot be used: {e.Message}.", e);
        }
    }

    /// <summary>Removes the store in this directory, which nobody may have open. False when there is none.</summary>
    /// <exception cref="IOException">It cannot be removed.</exception>
    public static bool Remove(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
            return false;
        // The file before its log: a log alone means nothing, but a file without its log would be an older state.
        foreach (var suffix in new[] { "", "-wal", "-shm" })
            File.Delete(path + suffix);
        return true;
    }

    /// <summary>Returns the place that the store was last used in; null if no daemon has used it yet.</summary>
    /// <exception cref="StoreException">The store cannot be read.</exception>
    public StoreOrigin? ReadOrigin()
    {
        try
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "SELECT identity, pin_root FROM origin";
            using var reader = command.ExecuteReader();
            return reader.Read() ? new StoreOrigin(reader.GetString(0), reader.GetString(1)) : null;
        }
        catch (SqliteException e)
        {
            throw new StoreException($"The store at {_path} cannot be read: {e.Message}.", e);
        }
    }

    /// <summary>Stores the place that the store is used in.</summary>
    /// <param name="origin">The place.</param>
    /// <param name="otherInterfaces">Whether the interfaces there are others than before: what the daemon did to those of before is forgotten.</param>
    /// <exception cref="StoreException">The store cannot be written.</exception>
    public void WriteOrigin(StoreOrigin origin, bool otherInterfaces)
    {
        try
        {
            Transact(() =>
            {
                using var command = _connection.CreateCommand();
                command.CommandText = otherInterfaces
                    ? "DELETE FROM promiscuous; INSERT OR REPLACE INTO origin VALUES (1, $identity, $pinRoot)"
                    : "INSERT OR REPLACE INTO origin VALUES (1, $identity, $pinRoot)";
                command.Parameters.AddWithValue("$identity", origin.Identity);
                command.Parameters.AddWithValue("$pinRoot", origin.PinRoot);
                command.ExecuteNonQuery();
            });
        }
        catch (SqliteException e)
        {
            throw new StoreException($"The store at {_path} cannot be written: {e.Message}.", e);
        }
    }

    /// <inheritdoc/>
    public StoredState Load()
    {
        try
        {
            return StoreReader.Read(_connection);
        }
        catch (Exception e) when (e is SqliteException or FormatException or System.Text.Json.JsonException)
        {
            throw new StoreException($"The store at {_path} cannot be read: {e.Message}.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        SettleAll();
        _history.Dispose();
        _statements.Dispose();
        _connection.Dispose();
        _files.Dispose();
    }

    // Made aside and moved into place whole: a file of this name that is empty or torn is damage, and never taken for a new store.
    private static void Create(string path)
    {
        var aside = path + ".new";
        File.Delete(aside);
        using (var connection = Connect(aside, SqliteOpenMode.ReadWriteCreate))
            Schema.Create(connection);
        File.Move(aside, path);
        StoreFiles.FlushFolder(Path.GetDirectoryName(path)!);
    }

    // After a failed flush the kernel may call pages of the log clean that never reached the disk, and a later flush would say nothing of
    // them. Written again, they are flushed or the start fails.
    private static void WriteLogAgain(string path)
    {
        var log = path + "-wal";
        if (!File.Exists(log))
            return;
        using var file = new FileStream(log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var bytes = new byte[1024 * 1024];
        for (int length; (length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)) > 0;)
        {
            file.Position -= length;
            file.Write(bytes.AsSpan(0, length));
        }

        StoreFiles.Flush(file);
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = BusyTimeoutSeconds,
        }.ToString());
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is this file's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}

/// <summary>The place that a store is used in.</summary>
/// <param name="Identity">Boot, network namespace and bpffs, as text.</param>
/// <param name="PinRoot">The pin root of the daemon.</param>
public sealed record StoreOrigin(string Identity, string PinRoot);
