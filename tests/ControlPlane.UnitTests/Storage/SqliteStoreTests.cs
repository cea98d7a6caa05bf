using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Storage;
using Microsoft.Data.Sqlite;

namespace ControlPlane.UnitTests.Storage;

public sealed class SqliteStoreTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("devmapd-store-").FullName;

    private string FilePath => Path.Combine(_directory, SqliteStore.FileName);

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Commit_ThenReopen_GivesBackWhatWasCommitted()
    {
        var entry = Entry(EntryKey.OfNumber(uint.MaxValue)) with
        {
            Spec = new EntrySpec("veth9", "p", Labels.Of([new("purpose", "a \"b\" ü")]), "cni/1"),
        };
        var named = Entry(EntryKey.OfInterface("veth.1"));
        var attachment = new AttachmentRecord("default", "veth0", new AttachmentSpec(AttachMode.Generic, Labels.Of([new("a", "b")]), "me"), 3, Now, Now);
        var program = new EgressProgramRecord(
            "p", new EgressProgramSpec(new EgressProgramConfig(EgressTemplate.RewriteMac, new MacAddress(1), new MacAddress(0x020000000002)), Labels.Of([new("c", "d")]), "you"), 4, Now, Now);
        using (var store = SqliteStore.Open(_directory))
        {
            store.Commit(new StoreBatch(7,
            [
                new StoreChange.PutDevmap(new StoredDevmap("default", "", default, default)), new StoreChange.PutEntry(entry), new StoreChange.PutEntry(named),
                new StoreChange.PutAttachment(attachment), new StoreChange.PutProgram(program),
            ]));
        }

        using var reopened = SqliteStore.Open(_directory);
        var state = reopened.Load();
        Assert.Equal(7, state.Revision);
        Assert.Equal([new StoredDevmap("default", "", default, default)], state.Devmaps);
        Assert.Equal([entry.Key, named.Key], state.Entries.Select(e => e.Key));
        Assert.Equal([entry, named], state.Entries);
        Assert.Equal([attachment], state.Attachments);
        Assert.Equal([program], state.Programs);
    }

    [Fact]
    public void Commit_Deletions_RemoveWhatTheyName()
    {
        using var store = SqliteStore.Open(_directory);
        var (first, second) = (Entry(EntryKey.OfNumber(1)), Entry(EntryKey.OfNumber(2)));
        store.Commit(new StoreBatch(1, [new StoreChange.PutEntry(first), new StoreChange.PutEntry(second)]));
        store.Commit(new StoreBatch(2, [new StoreChange.DeleteEntry("default", first.Key)]));
        Assert.Equal([second.Key], store.Load().Entries.Select(e => e.Key));
    }

    [Fact]
    public void Open_NoFile_MakesAnEmptyStore()
    {
        using var store = SqliteStore.Open(_directory);
        Assert.Equal(0, store.Load().Revision);
        Assert.Equal([SqliteStore.FileName], Directory.GetFiles(_directory).Select(Path.GetFileName).Where(f => !f!.Contains('-', StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("text")]
    [InlineData("foreign")]
    [InlineData("torn")]
    [InlineData("newer")]
    public void Open_FileThatIsNoWholeStore_IsRefusedAndLeftAsItIs(string damage)
    {
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(1, [.. Enumerable.Range(0, 2000).Select(i => new StoreChange.PutEntry(Entry(EntryKey.OfNumber((uint)i))))]));
        Damage(damage);
        var before = File.ReadAllBytes(FilePath);
        var refusal = Assert.Throws<StoreException>(() => SqliteStore.Open(_directory));
        Assert.Contains(FilePath, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void Commit_FileLockedByAnother_ThrowsAndSucceedsAfterwards()
    {
        using var store = SqliteStore.Open(_directory);
        using (var other = Connect())
        {
            Execute(other, "BEGIN IMMEDIATE");
            Assert.Throws<StoreException>(() => store.Commit(new StoreBatch(1, [new StoreChange.PutDevmap(new StoredDevmap("default", "", default, default))])));
        }

        Assert.Empty(store.Load().Devmaps);
        store.Commit(new StoreBatch(1, [new StoreChange.PutDevmap(new StoredDevmap("default", "", default, default))]));
        Assert.Equal(["default"], store.Load().Devmaps.Select(d => d.Name));
    }

    private static DateTimeOffset Now { get; } = new(2026, 5, 4, 3, 2, 1, 123, TimeSpan.Zero);

    private static EntryRecord Entry(EntryKey key) =>
        new("default", key, new EntrySpec("veth9"), 2, Now, Now.AddTicks(1));

    private void Damage(string kind)
    {
        if (kind == "newer")
        {
            using var connection = Connect();
            Execute(connection, "PRAGMA user_version = 99");
            return;
        }

        switch (kind)
        {
            case "empty":
                File.WriteAllBytes(FilePath, []);
                break;
            case "text":
                File.WriteAllText(FilePath, "this is not a database, but long enough to be looked at as if it were one");
                break;
            case "foreign":
                File.Delete(FilePath);
                using (var connection = Connect(SqliteOpenMode.ReadWriteCreate))
                    Execute(connection, "CREATE TABLE t (a)");
                break;
            default:
                using (var file = File.OpenWrite(FilePath))
                {
                    file.Position = 20_000;
                    file.Write(new byte[30_000]);
                }

                break;
        }
    }

    private SqliteConnection Connect(SqliteOpenMode mode = SqliteOpenMode.ReadWrite)
    {
        var connection = new SqliteConnection($"Data Source={FilePath};Mode={mode};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are this test's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
