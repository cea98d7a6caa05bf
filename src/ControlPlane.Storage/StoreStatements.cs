using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using Microsoft.Data.Sqlite;

namespace ControlPlane.Storage;

/// <summary>The prepared statements that change the store.</summary>
internal sealed class StoreStatements : IDisposable
{
    private readonly BareStatement _append;
    private readonly BareStatement _checkpoint;
    private readonly BareStatement _deleteHistory;
    private readonly BareStatement _putHistory;
    private readonly SqliteCommand _putDevmap;
    private readonly SqliteCommand _deleteDevmap;
    private readonly SqliteCommand _deleteEntries;
    private readonly SqliteCommand _deleteSwaps;
    private readonly SqliteCommand _deleteAttachments;
    private readonly BareStatement _putEntry;
    private readonly BareStatement _deleteEntry;
    private readonly SqliteCommand _putSwap;
    private readonly SqliteCommand _putAttachment;
    private readonly SqliteCommand _deleteAttachment;
    private readonly SqliteCommand _putProgram;
    private readonly SqliteCommand _deleteProgram;
    private readonly SqliteCommand _putPromiscuity;
    private readonly SqliteCommand _deletePromiscuity;
    private readonly SqliteCommand _putLease;
    private readonly SqliteCommand _deleteLease;
    private readonly SqliteCommand _putToken;
    private readonly SqliteCommand _deleteToken;
    private readonly SqliteCommand _putCall;
    private readonly SqliteCommand _deleteCall;
    private readonly SqliteCommand _putCallPart;
    private readonly SqliteCommand _deleteCallPart;
    private readonly SqliteCommand _deleteCallParts;

    public StoreStatements(SqliteConnection connection)
    {
        _append = new(connection, "INSERT INTO changes VALUES ($1, $2, $3, $4)");
        _checkpoint = new(connection, "UPDATE meta SET revision = $1, history_bytes = $2");
        _deleteHistory = new(connection, "DELETE FROM changes WHERE last_revision <= $1");
        _putHistory = new(connection, "UPDATE meta SET history_from = $1, history_bytes = $2");
        _putDevmap = Prepare(connection, "REPLACE INTO devmaps VALUES ($1, $2, $3, $4, $5, $6, $7)", 7);
        _deleteDevmap = Prepare(connection, "DELETE FROM devmaps WHERE name = $1", 1);
        _deleteEntries = Prepare(connection, "DELETE FROM entries WHERE devmap = $1", 1);
        _deleteSwaps = Prepare(connection, "DELETE FROM swaps WHERE devmap = $1", 1);
        _deleteAttachments = Prepare(connection, "DELETE FROM attachments WHERE devmap = $1", 1);
        _putEntry = new(connection, "REPLACE INTO entries VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
        _deleteEntry = new(connection, "DELETE FROM entries WHERE devmap = $1 AND key_interface = $2 AND key_number = $3");
        _putSwap = Prepare(connection, "REPLACE INTO swaps VALUES ($1, $2, $3, $4, $5)", 5);
        _putAttachment = Prepare(connection, "REPLACE INTO attachments VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", 10);
        _deleteAttachment = Prepare(connection, "DELETE FROM attachments WHERE devmap = $1 AND interface = $2", 2);
        _putProgram = Prepare(connection, "REPLACE INTO programs VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", 8);
        _deleteProgram = Prepare(connection, "DELETE FROM programs WHERE name = $1", 1);
        _putPromiscuity = Prepare(connection, "REPLACE INTO promiscuous VALUES ($1, $2)", 2);
        _deletePromiscuity = Prepare(connection, "DELETE FROM promiscuous WHERE ifindex = $1", 1);
        _putLease = Prepare(connection, "REPLACE INTO leases VALUES ($1, $2, $3, $4, $5, $6, $7)", 7);
        _deleteLease = Prepare(connection, "DELETE FROM leases WHERE name = $1", 1);
        _putToken = Prepare(connection, "REPLACE INTO tokens VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", 9);
        _deleteToken = Prepare(connection, "DELETE FROM tokens WHERE name = $1", 1);
        _putCall = Prepare(connection, "REPLACE INTO calls VALUES ($1, $2, $3, $4, $5)", 5);
        _deleteCall = Prepare(connection, "DELETE FROM calls WHERE account = $1 AND key = $2", 2);
        _putCallPart = Prepare(connection, "REPLACE INTO call_parts VALUES ($1, $2, $3, $4, $5)", 5);
        _deleteCallPart = Prepare(connection, "DELETE FROM call_parts WHERE account = $1 AND key = $2 AND item = $3", 3);
        _deleteCallParts = Prepare(connection, "DELETE FROM call_parts WHERE account = $1 AND key = $2", 2);
    }

    private SqliteCommand[] All =>
    [
        _putDevmap, _deleteDevmap, _deleteEntries, _deleteSwaps, _deleteAttachments, _putSwap, _putAttachment, _deleteAttachment, _putProgram, _deleteProgram, _putPromiscuity, _deletePromiscuity,
        _putLease, _deleteLease, _putToken, _deleteToken, _putCall, _deleteCall, _putCallPart, _deleteCallPart, _deleteCallParts,
    ];

    private BareStatement[] Bare => [_append, _checkpoint, _deleteHistory, _putHistory, _putEntry, _deleteEntry];

    /// <summary>Appends a commit to the history. Like all of these, inside a transaction.</summary>
    public void Append(HistoryRow row, ReadOnlySpan<byte> body)
    {
        _append.Bind(1, row.Last);
        _append.Bind(2, row.First);
        _append.Bind(3, row.Time.UtcTicks);
        _append.Bind(4, body);
        _append.Run();
    }

    /// <summary>The tables have everything up to a revision; the history up to there has this many bytes.</summary>
    public void Checkpoint(long revision, long historyBytes) => Run(_checkpoint, revision, historyBytes);

    /// <summary>The tables have everything, at this revision, and there is no history before it.</summary>
    public void BeginAt(long revision)
    {
        Run(_checkpoint, revision, 0);
        Run(_putHistory, revision, 0);
    }

    /// <summary>Deletes the history up to a revision; the rest of it up to the checkpoint has this many bytes.</summary>
    public void DeleteHistory(long upTo, long historyBytes)
    {
        _deleteHistory.Bind(1, upTo);
        _deleteHistory.Run();
        Run(_putHistory, upTo, historyBytes);
    }

    public void Dispose()
    {
        foreach (var command in All)
            command.Dispose();
        foreach (var statement in Bare)
            statement.Dispose();
    }

    private static void Run(BareStatement statement, long first, long second)
    {
        statement.Bind(1, first);
        statement.Bind(2, second);
        statement.Run();
    }

    /// <summary>Makes a change in its table.</summary>
    public void Apply(StoreChange change)
    {
        switch (change)
        {
            case StoreChange.PutDevmap(var d):
                if (change.Before is null)
                    DeleteDevmap(d.Name);
                Run(_putDevmap, d.Name, DevmapText.Of(d.Spec), Text(d.CreateTime), Text(d.UpdateTime), d.DeclaredIn.ToString().ToLowerInvariant(), d.Revision, d.CreateRevision);
                break;
            case StoreChange.DeleteDevmap(var name):
                DeleteDevmap(name);
                break;
            case StoreChange.PutEntry(var e):
                Put(e);
                break;
            case StoreChange.DeleteEntry(var devmap, var key):
                _deleteEntry.Bind(1, devmap);
                _deleteEntry.Bind(2, key.InterfaceName ?? "");
                _deleteEntry.Bind(3, key.Number);
                _deleteEntry.Run();
                break;
            case StoreChange.PutSwap(var s):
                Run(_putSwap, s.Devmap, s.Interface, s.EgressProgram, s.Revision, Text(s.UpdateTime));
                break;
            case StoreChange.PutAttachment(var a):
                Run(_putAttachment, a.Devmap, a.Interface, a.Spec.Mode.ToText(), StoredText.Of(a.Spec.Labels), a.Spec.Owner, a.Revision, Text(a.CreateTime), Text(a.UpdateTime), a.Spec.Promiscuous.ToString().ToLowerInvariant(), a.Spec.Lease);
                break;
            case StoreChange.DeleteAttachment(var devmap, var name):
                Run(_deleteAttachment, devmap, name);
                break;
            case StoreChange.PutProgram(var p):
                Run(
                    _putProgram, p.Name, p.Spec.Template.Name, p.Spec.Config.Parameters.ToJson(), StoredText.Of(p.Spec.Labels), p.Spec.Owner, p.Revision, Text(p.CreateTime), Text(p.UpdateTime));
                break;
            case StoreChange.DeleteProgram(var name):
                Run(_deleteProgram, name);
                break;
            case StoreChange.PutPromiscuity(var p):
                Run(_putPromiscuity, (long)p.Ifindex, p.Interface);
                break;
            case StoreChange.DeletePromiscuity(var ifindex):
                Run(_deletePromiscuity, (long)ifindex);
                break;
            case StoreChange.PutLease(var l):
                Run(_putLease, l.Name, (long)l.Spec.Ttl.TotalMilliseconds, StoredText.Of(l.Spec.Labels), l.Spec.Owner, l.Revision, Text(l.CreateTime), Text(l.UpdateTime));
                break;
            case StoreChange.DeleteLease(var name):
                Run(_deleteLease, name);
                break;
            case StoreChange.PutToken(var t):
                Run(
                    _putToken, t.Name, t.Hash, t.Spec.Role.ToString().ToLowerInvariant(), t.Spec.ExpireTime is { } end ? Text(end) : null,
                    StoredText.Of(t.Spec.Limits), StoredText.Of(t.Spec.Labels), t.Spec.Owner, t.Revision, Text(t.CreateTime));
                break;
            case StoreChange.DeleteToken(var name):
                Run(_deleteToken, name);
                break;
            case StoreChange.PutCall(var c):
                Run(_putCall, c.Id.Account, c.Id.Key, c.Hash, Text(c.Time), c.Answer);
                Run(_deleteCallParts, c.Id.Account, c.Id.Key);
                break;
            case StoreChange.DeleteCall(var id):
                Run(_deleteCall, id.Account, id.Key);
                Run(_deleteCallParts, id.Account, id.Key);
                break;
            case StoreChange.PutCallPart(var p):
                Run(_putCallPart, p.Id.Account, p.Id.Key, (long)p.Item, (long)p.Outcome, p.Revision);
                break;
            case StoreChange.DeleteCallPart(var id, var item):
                Run(_deleteCallPart, id.Account, id.Key, (long)item);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change, "not a change this store knows");
        }
    }

    // Of a devmap that had the name before, too: of the changes of a devmap, only the last may be made.
    private void DeleteDevmap(string name)
    {
        foreach (var table in new[] { _deleteEntries, _deleteSwaps, _deleteAttachments, _deleteDevmap })
            Run(table, name);
    }

    private void Put(EntryRecord entry)
    {
        _putEntry.Bind(1, entry.Devmap);
        _putEntry.Bind(2, entry.Key.InterfaceName ?? "");
        _putEntry.Bind(3, entry.Key.Number);
        _putEntry.Bind(4, entry.Spec.Interface);
        _putEntry.Bind(5, entry.Spec.EgressProgram);
        _putEntry.Bind(6, StoredText.Of(entry.Spec.Labels));
        _putEntry.Bind(7, entry.Spec.Owner);
        _putEntry.Bind(8, entry.Revision);
        _putEntry.Bind(9, Text(entry.CreateTime));
        _putEntry.Bind(10, Text(entry.UpdateTime));
        _putEntry.Bind(11, ActionsText.Of(entry.Spec.Actions));
        _putEntry.Bind(12, entry.Spec.Lease);
        _putEntry.Bind(13, entry.Spec.OnInterfaceGone == OnInterfaceGone.Keep ? null : entry.Spec.OnInterfaceGone.ToText());
        if (entry.Spec.DeleteAfter is { } after)
            _putEntry.Bind(14, (long)after.TotalMilliseconds);
        else
            _putEntry.Bind(14, (string?)null);
        _putEntry.Run();
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static void Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, int parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The text is this file's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 1; i <= parameters; i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"${i}") });
        command.Prepare();
        return command;
    }
}
