using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>The tables, and how older ones become these.</summary>
internal static class Schema
{
    /// <summary>Marks the file as ours (<c>PRAGMA application_id</c>): "dvmp".</summary>
    private const int ApplicationId = 0x64766d70;

    /// <summary>The statements that bring a store from version i to i + 1. Never changed once released; only added to.</summary>
    private static readonly string[] _migrations =
    [
        """
        CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL) STRICT;
        INSERT INTO meta VALUES (1, 0);
        CREATE TABLE devmaps (
            name TEXT PRIMARY KEY,
            settings TEXT NOT NULL, -- compared, never read
            create_time TEXT NOT NULL,
            update_time TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE entries (
            devmap TEXT NOT NULL,
            key_interface TEXT NOT NULL, -- '' for a key that is a number
            key_number INTEGER NOT NULL,
            interface TEXT NOT NULL,
            egress_program TEXT,
            labels TEXT NOT NULL, -- a JSON object
            owner TEXT,
            revision INTEGER NOT NULL,
            create_time TEXT NOT NULL,
            update_time TEXT NOT NULL,
            PRIMARY KEY (devmap, key_interface, key_number)) STRICT, WITHOUT ROWID;
        CREATE TABLE attachments (
            devmap TEXT NOT NULL,
            interface TEXT NOT NULL,
            mode TEXT NOT NULL CHECK (mode IN ('native', 'generic')),
            labels TEXT NOT NULL,
            owner TEXT,
            revision INTEGER NOT NULL,
            create_time TEXT NOT NULL,
            update_time TEXT NOT NULL,
            PRIMARY KEY (devmap, interface)) STRICT, WITHOUT ROWID;
        CREATE TABLE programs (
            name TEXT PRIMARY KEY,
            template TEXT NOT NULL,
            source_mac TEXT,
            destination_mac TEXT,
            vlan_id INTEGER,
            labels TEXT NOT NULL,
            owner TEXT,
            revision INTEGER NOT NULL,
            create_time TEXT NOT NULL,
            update_time TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE origin (id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT NOT NULL, pin_root TEXT NOT NULL) STRICT;
        """,
        // A merge patch leaves out the members that are null.
        """
        CREATE TABLE new_programs (
            name TEXT PRIMARY KEY,
            template TEXT NOT NULL,
            parameters TEXT NOT NULL, -- a JSON object
            labels TEXT NOT NULL,
            owner TEXT,
            revision INTEGER NOT NULL,
            create_time TEXT NOT NULL,
            update_time TEXT NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO new_programs
            SELECT name, template, json_patch('{}', json_object('sourceMac', source_mac, 'destinationMac', destination_mac, 'vlanId', vlan_id)),
                labels, owner, revision, create_time, update_time FROM programs;
        DROP TABLE programs;
        ALTER TABLE new_programs RENAME TO programs;
        """,
        """
        CREATE TABLE new_attachments (
            devmap TEXT NOT NULL,
            interface TEXT NOT NULL,
            mode TEXT NOT NULL CHECK (mode IN ('native', 'generic', 'tcx', 'auto')),
            labels TEXT NOT NULL,
            owner TEXT,
            revision INTEGER NOT NULL,
            create_time TEXT NOT NULL,
            update_time TEXT NOT NULL,
            PRIMARY KEY (devmap, interface)) STRICT, WITHOUT ROWID;
        INSERT INTO new_attachments SELECT * FROM attachments;
        DROP TABLE attachments;
        ALTER TABLE new_attachments RENAME TO attachments;
        """,
        """
        ALTER TABLE attachments ADD COLUMN promiscuous TEXT NOT NULL DEFAULT 'auto' CHECK (promiscuous IN ('auto', 'on', 'off'));
        CREATE TABLE promiscuous ( -- the interfaces that the daemon made promiscuous
            ifindex INTEGER PRIMARY KEY,
            interface TEXT NOT NULL) STRICT;
        """,
        """
        CREATE TABLE tokens (
            name TEXT PRIMARY KEY,
            hash TEXT NOT NULL UNIQUE, -- SHA-256 of the secret, which is not kept
            role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
            expire_time TEXT,
            limits TEXT NOT NULL, -- a JSON object
            labels TEXT NOT NULL,
            owner TEXT,
            revision INTEGER NOT NULL,
            create_time TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """,
        // A row changes all entries of the devmap and the interface that have a lower revision. Their own rows stay as they are.
        """
        CREATE TABLE swaps (
            devmap TEXT NOT NULL,
            interface TEXT NOT NULL,
            egress_program TEXT,
            revision INTEGER NOT NULL,
            update_time TEXT NOT NULL,
            PRIMARY KEY (devmap, interface)) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE calls ( -- that their callers have marked with keys
            account TEXT NOT NULL,
            key TEXT NOT NULL,
            hash TEXT NOT NULL, -- SHA-256 of the request
            time TEXT NOT NULL,
            answer BLOB, -- NULL until all items have happened
            PRIMARY KEY (account, key)) STRICT;
        CREATE TABLE call_parts ( -- the items that have happened of calls without an answer
            account TEXT NOT NULL,
            key TEXT NOT NULL,
            item INTEGER NOT NULL,
            outcome INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            PRIMARY KEY (account, key, item)) STRICT, WITHOUT ROWID;
        """,
        """
        ALTER TABLE entries ADD COLUMN actions TEXT; -- a JSON object
        """,
        // A commit is one row. The other tables but calls, call_parts and promiscuous follow later: meta.revision says up to where they have all.
        """
        CREATE TABLE changes (
            last_revision INTEGER PRIMARY KEY,
            first_revision INTEGER NOT NULL,
            time INTEGER NOT NULL, -- UTC, in 100 ns since the year 1
            body BLOB NOT NULL) STRICT;
        ALTER TABLE meta ADD COLUMN history_from INTEGER NOT NULL DEFAULT 0; -- the oldest revision after which all changes are kept
        ALTER TABLE meta ADD COLUMN history_bytes INTEGER NOT NULL DEFAULT 0; -- of the rows of changes up to meta.revision
        UPDATE meta SET history_from = revision;
        """,
        """
        CREATE TABLE leases (
            name TEXT PRIMARY KEY,
            ttl INTEGER NOT NULL, -- milliseconds
            labels TEXT NOT NULL,
            owner TEXT,
            revision INTEGER NOT NULL,
            create_time TEXT NOT NULL,
            update_time TEXT NOT NULL) STRICT, WITHOUT ROWID;
        ALTER TABLE entries ADD COLUMN lease TEXT;
        ALTER TABLE entries ADD COLUMN on_interface_gone TEXT CHECK (on_interface_gone IN ('delete', 'deleteAfter')); -- NULL: keep
        ALTER TABLE entries ADD COLUMN delete_after INTEGER; -- milliseconds
        ALTER TABLE attachments ADD COLUMN lease TEXT;
        """,
        // The devmaps of older versions are those of the configuration.
        """
        ALTER TABLE devmaps RENAME COLUMN settings TO spec; -- a JSON object; older versions wrote another text
        ALTER TABLE devmaps ADD COLUMN declared_in TEXT NOT NULL DEFAULT 'configuration' CHECK (declared_in IN ('configuration', 'api'));
        ALTER TABLE devmaps ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE devmaps ADD COLUMN create_revision INTEGER NOT NULL DEFAULT 0; -- entries of an older revision belong to another devmap of the name
        """,
    ];

    /// <summary>The version that the migrations lead to.</summary>
    public static int Version => _migrations.Length;

    /// <summary>
    /// The size of a page in bytes. A commit writes the pages that it touches, and of each of them changes little: small ones write less.
    /// </summary>
    private const int PageSize = 1024;

    /// <summary>Writes the schema into a new, empty database.</summary>
    public static void Create(SqliteConnection connection)
    {
        Execute(connection, $"PRAGMA page_size = {PageSize}");
        Execute(connection, $"PRAGMA application_id = {ApplicationId}");
        Migrate(connection, from: 0);
    }

    /// <summary>Gives a database of an older version pages of the size that a new one has. A database that cannot be rewritten now, because the disk has no room, keeps its own.</summary>
    public static void Repack(SqliteConnection connection)
    {
        if (Scalar(connection, "PRAGMA page_size") == PageSize)
            return;
        try
        {
            // A database with a write-ahead log keeps its page size.
            Execute(connection, "PRAGMA journal_mode = DELETE");
            Execute(connection, $"PRAGMA page_size = {PageSize}; VACUUM");
        }
        catch (SqliteException)
        {
            // All works with other pages, too.
        }
    }

    /// <summary>Checks that the database is ours and whole, and migrates it if it is older.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="path">The file that it is, or is a copy of.</param>
    /// <returns>The version it had.</returns>
    /// <exception cref="StoreException">It is not ours, damaged, or of a newer version.</exception>
    public static int CheckAndMigrate(SqliteConnection connection, string path)
    {
        var version = Check(connection, path);
        Migrate(connection, version);
        return version;
    }

    /// <summary>Checks that the database is ours and whole, and of a version that this program knows.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="path">The file that it is, or is a copy of.</param>
    /// <returns>The version.</returns>
    /// <exception cref="StoreException">It is not ours, damaged, or of a newer version.</exception>
    public static int Check(SqliteConnection connection, string path)
    {
        if (Scalar(connection, "PRAGMA application_id") is not ApplicationId)
            throw new StoreException("it is a database, but not a store of devmapd");
        var damages = IntegrityErrors(connection);
        if (damages.Count > 0)
            throw new StoreException($"it is damaged: {string.Join("; ", damages)}");
        var version = (int)Scalar(connection, "PRAGMA user_version");
        if (version > _migrations.Length)
            throw new StoreException(StoreErrors.NewerSchema(path, version, Releases.WriterOf(connection, version), _migrations.Length, Releases.Current));
        return version;
    }

    private static List<string> IntegrityErrors(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check(10)";
        using var reader = command.ExecuteReader();
        var damages = new List<string>();
        while (reader.Read())
            damages.Add(reader.GetString(0));
        return damages is ["ok"] ? [] : damages;
    }

    private static void Migrate(SqliteConnection connection, int from)
    {
        for (var version = from; version < _migrations.Length; version++)
        {
            using var transaction = connection.BeginTransaction();
            Execute(connection, _migrations[version], transaction);
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {version + 1}"), transaction);
            Releases.Record(connection, transaction, version + 1);
            transaction.Commit();
        }
    }

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, string sql, SqliteTransaction? transaction = null)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // The text is this file's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
