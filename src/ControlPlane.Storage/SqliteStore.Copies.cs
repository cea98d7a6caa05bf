using ControlPlane.Core.Ports;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>Copies of a store: to look at it, to keep it, to bring it back.</summary>
public sealed partial class SqliteStore
{
    /// <summary>The name that a restored store gives to the one before.</summary>
    public const string ReplacedName = "devmapd.db.replaced";

    // More changes than any host makes between a backup and its return.
    private const long RevisionJump = 1_000_000_000;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Checks the store in this directory and reads it, changing nothing and waiting for nobody: what it finds is one snapshot, and a
    /// daemon may write meanwhile. It is copied into memory, and there brought to the schema of this version.
    /// </summary>
    /// <returns>The schema version of the file, and what it has.</returns>
    /// <exception cref="StoreException">It is not there, damaged, not ours, newer, or cannot be read.</exception>
    public static (int SchemaVersion, StoredState State) Inspect(string directory) => InspectFile(Path.Combine(directory, FileName));

    /// <summary>Checks and reads a store by its file. See <see cref="Inspect"/>.</summary>
    /// <exception cref="StoreException">It is not there, damaged, not ours, newer, or cannot be read.</exception>
    public static (int SchemaVersion, StoredState State) InspectFile(string path)
    {
        try
        {
            using var file = Connect(path, SqliteOpenMode.ReadOnly);
            using var copy = Connect(":memory:", SqliteOpenMode.Memory);
            file.BackupDatabase(copy);
            var version = Schema.CheckAndMigrate(copy, path);
            return (version, StoreReader.Read(copy));
        }
        catch (Exception e) when (e is SqliteException or StoreException { Error: null } or FormatException or System.Text.Json.JsonException)
        {
            throw new StoreException($"The store at {path} cannot be used: {e.Message}.", e);
        }
    }

    /// <summary>
    /// Copies the store in this directory to a new file, which only its owner may read. The copy is one snapshot; a daemon may write meanwhile. When it
    /// returns, the copy is whole and on the disk.
    /// </summary>
    /// <exception cref="StoreException">The store cannot be read or is damaged. There is no copy then.</exception>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public static void Backup(string directory, string file)
    {
        var path = Path.Combine(directory, FileName);
        if (Path.Exists(file))
            throw new IOException($"{file} exists already.");
        CopyWhole(path, file);
    }

    /// <summary>
    /// Replaces the store in this directory, which nobody may have open, by a copy of a backup. The store before is kept as <see cref="ReplacedName"/>.
    /// A crash leaves the one or the other. The history is empty then, and begins at a revision far above those of both stores: a revision that a
    /// client got after the backup is one of the past, after which no changes are kept.
    /// </summary>
    /// <returns>The path of the store before; null if there was none.</returns>
    /// <exception cref="StoreException">The backup is not a store that this version can use. Nothing was changed.</exception>
    /// <exception cref="IOException">The files cannot be written.</exception>
    public static string? Restore(string directory, string file)
    {
        Directory.CreateDirectory(directory);
        var (path, kept) = (Path.Combine(directory, FileName), Path.Combine(directory, ReplacedName));
        var restored = path + ".restored";
        var revision = Math.Max(InspectFile(file).State.Revision, FindRevision(path)) + RevisionJump;
        File.Delete(restored);
        CopyWhole(file, restored);
        BeginAnew(restored, revision);
        var existed = File.Exists(path);
        if (existed)
            Keep(path, kept);
        // A log that belongs to another file would be read as a part of this one.
        File.Delete(path + "-wal");
        File.Delete(path + "-shm");
        File.Move(restored, path, overwrite: true);
        StoreFiles.FlushFolder(directory);
        return existed ? kept : null;
    }

    private static long FindRevision(string path)
    {
        try
        {
            return File.Exists(path) ? InspectFile(path).State.Revision : 0;
        }
        catch (StoreException)
        {
            return 0; // It is damaged, and that may be why it is replaced.
        }
    }

    private static void BeginAnew(string path, long revision)
    {
        try
        {
            using (var connection = Connect(path, SqliteOpenMode.ReadWrite))
            {
                Schema.CheckAndMigrate(connection, path);
                using var statements = new StoreStatements(connection);
                List<HistoryRow> rows = [.. SqliteHistory.RowsAfter(connection, ReadRevisions(connection).Checkpoint).Select(r => r.Row)];
                Execute(connection, "BEGIN IMMEDIATE");
                foreach (var change in rows.SelectMany(r => r.Changes))
                    statements.Apply(change);
                statements.DeleteHistory(long.MaxValue, 0);
                statements.BeginAt(revision);
                Execute(connection, "COMMIT");
            }
        }
        catch (Exception e) when (e is SqliteException or FormatException)
        {
            throw new StoreException($"The store at {path} cannot be written: {e.Message}", e);
        }
    }

    // By SQLite, which puts the log into the copy. A file that SQLite cannot read is kept with its log, as they are.
    private static void Keep(string path, string kept)
    {
        foreach (var suffix in new[] { "", "-wal" })
            File.Delete(kept + suffix);
        try
        {
            CopyWhole(path, kept);
            // A crash may come between the removal of the log and the restored store: until then the store before is whole without its log.
            using var store = Connect(path, SqliteOpenMode.ReadWrite);
            Execute(store, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (Exception e) when (e is StoreException or SqliteException)
        {
            foreach (var suffix in new[] { "", "-wal" })
            {
                if (File.Exists(path + suffix))
                    File.Copy(path + suffix, kept + suffix, overwrite: true);
            }
        }
    }

    // Made aside: there is no copy that is not whole.
    private static void CopyWhole(string path, string file)
    {
        var aside = file + ".new";
        try
        {
            File.Delete(aside);
            new FileStream(aside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }).Dispose();
            using (var source = Connect(path, SqliteOpenMode.ReadOnly))
            using (var copy = Connect(aside, SqliteOpenMode.ReadWrite))
            {
                source.BackupDatabase(copy);
                Execute(copy, "PRAGMA journal_mode = DELETE");
                Schema.Check(copy, path);
            }

            using (var written = new FileStream(aside, FileMode.Open, FileAccess.ReadWrite))
                StoreFiles.Flush(written);
            File.Move(aside, file);
            StoreFiles.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(file))!);
        }
        catch (StoreException e) when (e.Error is not null)
        {
            File.Delete(aside);
            throw;
        }
        catch (Exception e) when (e is SqliteException or StoreException)
        {
            File.Delete(aside);
            throw new StoreException($"The store at {path} cannot be copied: {e.Message}.", e);
        }
    }
}
