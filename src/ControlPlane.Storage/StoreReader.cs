using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>Reads the whole store, in one transaction: the tables, and the changes that they do not have yet.</summary>
internal static class StoreReader
{
    public static StoredState Read(SqliteConnection connection)
    {
        using var transaction = connection.BeginTransaction(deferred: true);
        var checkpoint = Rows(transaction, "SELECT revision FROM meta", r => r.GetInt64(0)).Single();
        List<HistoryRow> later = [.. SqliteHistory.RowsAfter(connection, checkpoint, transaction).Select(r => r.Row)];
        var (state, swaps) = Tables(transaction, checkpoint);
        if (later.Count == 0)
            return swaps.Count == 0 ? state : state with { Entries = [.. state.Entries.Select(e => Desired(e, swaps))] };
        var contents = new StoreContents(state, swaps.Values);
        foreach (var change in later.SelectMany(r => r.Changes))
            contents.Apply(change);
        return contents.ToState(later[^1].Last);
    }

    private static (StoredState State, Dictionary<(string Devmap, string Interface), SwapRecord> Swaps) Tables(SqliteTransaction transaction, long revision)
    {
        var actions = new Dictionary<string, EntryActions>(StringComparer.Ordinal);
        var swaps = Rows(transaction, "SELECT * FROM swaps", Swap).ToDictionary(s => (s.Devmap, s.Interface));
        var state = new StoredState(
            revision,
            Rows(transaction, "SELECT * FROM devmaps", Devmap),
            Rows(transaction, "SELECT * FROM entries", r => Entry(r, actions)),
            Rows(transaction, "SELECT * FROM attachments", Attachment),
            Rows(transaction, "SELECT * FROM programs", Program),
            Rows(transaction, "SELECT * FROM promiscuous", r => new StoredPromiscuity((uint)r.GetInt64(0), r.GetString(1))),
            Rows(transaction, "SELECT * FROM tokens", Token))
        {
            Leases = Rows(transaction, "SELECT * FROM leases", Lease),
            Calls = Rows(transaction, "SELECT * FROM calls ORDER BY time", r => new KeyedCall(Call(r), r.GetString(2), Time(r.GetString(3)), r.IsDBNull(4) ? null : r.GetFieldValue<byte[]>(4))),
            CallParts = Rows(transaction, "SELECT * FROM call_parts", r => new CallPart(Call(r), r.GetInt32(2), (ItemOutcome)r.GetInt32(3), r.GetInt64(4))),
        };
        return (state, swaps);
    }

    private static DevmapRecord Devmap(SqliteDataReader row) => new(row.GetString(0), DevmapText.Parse(row.GetString(1)))
    {
        CreateTime = Time(row.GetString(2)),
        UpdateTime = Time(row.GetString(3)),
        DeclaredIn = Enum.Parse<DeclaredIn>(row.GetString(4), ignoreCase: true),
        Revision = row.GetInt64(5),
        CreateRevision = row.GetInt64(6),
    };

    private static CallId Call(SqliteDataReader row) => new(string.Intern(row.GetString(0)), row.GetString(1));

    private static EntryRecord Entry(SqliteDataReader row, Dictionary<string, EntryActions> actions) => new(
        string.Intern(row.GetString(0)),
        row.GetString(1) is { Length: > 0 } name ? EntryKey.OfInterface(name) : EntryKey.OfNumber((uint)row.GetInt64(2)),
        new EntrySpec(string.Intern(row.GetString(3)), Shared(row, 4), StoredText.Labels(row.GetString(5)), Shared(row, 6), Actions(row, 10, actions))
        {
            Lease = Shared(row, 11),
            OnInterfaceGone = row.IsDBNull(12) ? OnInterfaceGone.Keep : Enum.Parse<OnInterfaceGone>(row.GetString(12), ignoreCase: true),
            DeleteAfter = row.IsDBNull(13) ? null : TimeSpan.FromMilliseconds(row.GetInt64(13)),
        },
        row.GetInt64(7),
        Time(row.GetString(8)),
        Time(row.GetString(9)));

    // Many entries have the same actions.
    private static EntryActions? Actions(SqliteDataReader row, int column, Dictionary<string, EntryActions> known)
    {
        if (row.IsDBNull(column))
            return null;
        var text = row.GetString(column);
        if (!known.TryGetValue(text, out var actions))
            known.Add(text, actions = ActionsText.Parse(text));
        return actions;
    }

    private static SwapRecord Swap(SqliteDataReader row) =>
        new(row.GetString(0), row.GetString(1), Shared(row, 2), row.GetInt64(3), Time(row.GetString(4)));

    private static EntryRecord Desired(EntryRecord entry, Dictionary<(string Devmap, string Interface), SwapRecord> swaps) =>
        swaps.Count > 0 && swaps.TryGetValue((entry.Devmap, entry.Spec.Interface), out var swap) && swap.Covers(entry) ? swap.Apply(entry) : entry;

    private static AttachmentRecord Attachment(SqliteDataReader row) => new(
        row.GetString(0),
        row.GetString(1),
        new AttachmentSpec(Enum.Parse<AttachMode>(row.GetString(2), ignoreCase: true), Enum.Parse<Promiscuous>(row.GetString(8), ignoreCase: true), StoredText.Labels(row.GetString(3)), Shared(row, 4)) { Lease = Shared(row, 9) },
        row.GetInt64(5),
        Time(row.GetString(6)),
        Time(row.GetString(7)));

    private static LeaseRecord Lease(SqliteDataReader row) => new(
        row.GetString(0),
        new LeaseSpec(TimeSpan.FromMilliseconds(row.GetInt64(1)), StoredText.Labels(row.GetString(2)), Shared(row, 3)),
        row.GetInt64(4),
        Time(row.GetString(5)),
        Time(row.GetString(6)));

    private static EgressProgramRecord Program(SqliteDataReader row) => new(
        row.GetString(0),
        new EgressProgramSpec(StoredText.Config(row.GetString(0), row.GetString(1), row.GetString(2)), StoredText.Labels(row.GetString(3)), Shared(row, 4)),
        row.GetInt64(5),
        Time(row.GetString(6)),
        Time(row.GetString(7)));

    private static TokenRecord Token(SqliteDataReader row)
    {
        var spec = new TokenSpec(
            Enum.Parse<Role>(row.GetString(2), ignoreCase: true),
            row.IsDBNull(3) ? null : Time(row.GetString(3)),
            StoredText.Limits(row.GetString(4)),
            StoredText.Labels(row.GetString(5)),
            Shared(row, 6));
        return new TokenRecord(row.GetString(0), row.GetString(1), spec, row.GetInt64(7), Time(row.GetString(8)));
    }

    // Few different texts are in many rows.
    private static string? Shared(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : string.Intern(row.GetString(column));

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
