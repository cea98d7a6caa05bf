using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using ControlPlane.Core.Attachments;
using ControlPlane.Core.Entries;
using ControlPlane.Core.Keys;
using ControlPlane.Core.Programs;
using ControlPlane.Core.Storing;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>Reads the whole store, in one transaction.</summary>
internal static class StoreReader
{
    private static readonly ImmutableSortedDictionary<string, string> _noLabels = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public static StoredState Read(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        return new StoredState(
            Rows(transaction, "SELECT revision FROM meta", r => r.GetInt64(0)).Single(),
            Rows(transaction, "SELECT name FROM devmaps", r => r.GetString(0)).ToHashSet(StringComparer.Ordinal),
            Rows(transaction, "SELECT * FROM entries", Entry),
            Rows(transaction, "SELECT * FROM attachments", Attachment),
            Rows(transaction, "SELECT * FROM programs", Program));
    }

    private static EntryRecord Entry(SqliteDataReader row) => new(
        string.Intern(row.GetString(0)),
        row.GetString(1) is { Length: > 0 } name ? EntryKey.OfInterface(name) : EntryKey.OfNumber((uint)row.GetInt64(2)),
        string.Intern(row.GetString(3)),
        row.IsDBNull(4) ? null : string.Intern(row.GetString(4)),
        Labels(row.GetString(5)),
        row.GetInt64(6),
        Time(row.GetString(7)),
        Time(row.GetString(8)));

    private static AttachmentRecord Attachment(SqliteDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        row.GetString(2) == "native" ? AttachMode.Native : AttachMode.Generic,
        row.GetInt64(3),
        Time(row.GetString(4)),
        Time(row.GetString(5)));

    private static StoredProgram Program(SqliteDataReader row) => new(
        row.GetString(0),
        new EgressProgramSpec(
            EgressTemplates.ByText.TryGetValue(row.GetString(1), out var template)
                ? template
                : throw new FormatException($"the program {row.GetString(0)} has the unknown template {row.GetString(1)}"),
            Mac(row, 2),
            Mac(row, 3),
            row.IsDBNull(4) ? null : (ushort)row.GetInt64(4)),
        row.GetInt64(5),
        Time(row.GetString(6)),
        Time(row.GetString(7)));

    private static MacAddress? Mac(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null
        : MacAddress.TryParse(row.GetString(column), out var mac) ? mac
        : throw new FormatException($"{row.GetString(column)} is not an Ethernet address");

    private static ImmutableSortedDictionary<string, string> Labels(string json) =>
        json == "{}" ? _noLabels : _noLabels.AddRange(JsonSerializer.Deserialize<Dictionary<string, string>>(json)!);

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);

    private static List<T> Rows<T>(SqliteTransaction transaction, string sql, Func<SqliteDataReader, T> read)
    {
        using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
#pragma warning disable CA2100 // The text is this file's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }
}
