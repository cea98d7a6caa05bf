using System.Reflection;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>
/// The devmapd that brought the store to each version of its schema. Older versions of devmapd read it from a store that they cannot use,
/// so the table is no part of the numbered schema and never changes.
/// </summary>
internal static class Releases
{
    /// <summary>The version of this devmapd, without the build.</summary>
    public static string Current { get; } =
        typeof(Releases).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Records that this devmapd writes a version of the schema.</summary>
    public static void Record(SqliteConnection connection, SqliteTransaction transaction, int schema)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText =
            """
            CREATE TABLE IF NOT EXISTS releases (schema INTEGER PRIMARY KEY, devmapd TEXT NOT NULL) STRICT;
            INSERT OR REPLACE INTO releases VALUES ($schema, $devmapd);
            """;
        command.Parameters.AddWithValue("$schema", schema);
        command.Parameters.AddWithValue("$devmapd", Current);
        command.ExecuteNonQuery();
    }

    /// <summary>Returns the devmapd that brought the store to a version; null if the store does not say.</summary>
    public static string? WriterOf(SqliteConnection connection, int schema)
    {
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT devmapd FROM releases WHERE schema = $schema";
            command.Parameters.AddWithValue("$schema", schema);
            return command.ExecuteScalar() as string;
        }
        catch (SqliteException)
        {
            return null; // no such table
        }
    }
}
