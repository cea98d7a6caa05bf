using System.Text.RegularExpressions;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Storage;
using ControlPlane.TestCommon;
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
        var named = Entry(EntryKey.OfInterface("veth.1")) with
        {
            Spec = new EntrySpec("veth9", null, new EntryActions(new MacAddress(0x0200000000ab), new MacAddress(0x020000000002), SetVlan: 4094, DecrementTtl: true)),
        };
        var attachment = new AttachmentRecord("default", "veth0", new AttachmentSpec(AttachMode.Generic, Promiscuous.On, Labels.Of([new("a", "b")]), "me"), 3, Now, Now);
        var program = new EgressProgramRecord(
            "p", new EgressProgramSpec(TestPrograms.RewriteMac(new MacAddress(1), new MacAddress(0x020000000002)), Labels.Of([new("c", "d")]), "you"), 4, Now, Now);
        var limits = new TokenLimits(["default"], [], [new KeyRange("default", "1", "2")]);
        var token = new TokenRecord("ci", "aa", new TokenSpec(Role.Operator, Now, limits, Labels.Of([new("e", "f")]), "us"), 6, Now);
        var plain = new TokenRecord("plain", "bb", new TokenSpec(Role.Admin, null, null, Labels.Empty, null), 7, Now);
        using (var store = SqliteStore.Open(_directory))
        {
            store.Commit(new StoreBatch(7,
            [
                new StoreChange.PutToken(token), new StoreChange.PutToken(plain), new StoreChange.PutToken(plain with { Name = "gone", Hash = "cc" }), new StoreChange.DeleteToken("gone"),
                new StoreChange.PutDevmap(new DevmapRecord("default", new DevmapSpec())), new StoreChange.PutEntry(entry), new StoreChange.PutEntry(named),
                new StoreChange.PutAttachment(attachment), new StoreChange.PutProgram(program),
                new StoreChange.PutPromiscuity(new StoredPromiscuity(5, "eth0")), new StoreChange.PutPromiscuity(new StoredPromiscuity(6, "eth1")),
                new StoreChange.DeletePromiscuity(6),
            ]));
        }

        using var reopened = SqliteStore.Open(_directory);
        var state = reopened.Load();
        Assert.Equal(7, state.Revision);
        Assert.Equal([new DevmapRecord("default", new DevmapSpec())], state.Devmaps);
        Assert.Equal([entry.Key, named.Key], state.Entries.Select(e => e.Key));
        Assert.Equal([entry, named], state.Entries);
        Assert.Equal([attachment], state.Attachments);
        Assert.Equal([program], state.Programs);
        Assert.Equal([new StoredPromiscuity(5, "eth0")], state.Promiscuous);
        Assert.Equal(plain, state.Tokens[1]);
        Assert.Equivalent(token, state.Tokens[0]);
    }

    [Fact]
    public void Calls_AreKeptWithTheirParts_UntilTheyHaveAnAnswer()
    {
        KeyedCall Call(string key, int minutes, byte[]? answer = null) => new(new CallId("token a", key), "hash", Now.AddMinutes(minutes), answer);
        CallPart Part(string key, int item) => new(new CallId("token a", key), item, ItemOutcome.Changed, 7 + item);
        using (var store = SqliteStore.Open(_directory))
        {
            store.Commit(new StoreBatch(7,
            [
                new StoreChange.PutCall(Call("late", 9, [1, 2])), new StoreChange.PutCall(Call("open", 2)), new StoreChange.PutCall(Call("ended", 1)), new StoreChange.PutCall(Call("gone", 1)),
                new StoreChange.PutCallPart(Part("open", 0)), new StoreChange.PutCallPart(Part("open", 1)), new StoreChange.PutCallPart(Part("open", 2)),
                new StoreChange.PutCallPart(Part("ended", 0)), new StoreChange.PutCallPart(Part("gone", 0)),
            ]));
            store.Commit(new StoreBatch(7,
            [
                new StoreChange.DeleteCallPart(new CallId("token a", "open"), 1), new StoreChange.PutCall(Call("ended", 1, [3])), new StoreChange.DeleteCall(new CallId("token a", "gone")),
            ]));
        }

        using var reopened = SqliteStore.Open(_directory);
        var state = reopened.Load();
        Assert.Equivalent(new[] { Call("ended", 1, [3]), Call("open", 2), Call("late", 9, [1, 2]) }, state.Calls, strict: true);
        Assert.Equal([Part("open", 0), Part("open", 2)], state.CallParts);
    }

    [Fact]
    public void WriteOrigin_OtherInterfaces_ForgetsWhichOnesArePromiscuous()
    {
        using var store = SqliteStore.Open(_directory);
        store.Commit(new StoreBatch(1, [new StoreChange.PutPromiscuity(new StoredPromiscuity(5, "eth0"))]));

        store.WriteOrigin(new StoreOrigin("a b c d e", "/pins"), otherInterfaces: false);
        Assert.Single(store.Load().Promiscuous);
        store.WriteOrigin(new StoreOrigin("f b c d e", "/pins"), otherInterfaces: true);

        Assert.Empty(store.Load().Promiscuous);
        Assert.Equal("f b c d e", store.ReadOrigin()!.Identity);
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
    public void Commit_Swap_ChangesTheOlderEntriesOfItsInterface()
    {
        EntryRecord[] entries =
        [
            Entry(EntryKey.OfNumber(1)), Entry(EntryKey.OfNumber(2)) with { UpdateTime = Now.AddHours(1) }, Entry(EntryKey.OfInterface("veth.1")),
            Entry(EntryKey.OfNumber(3)) with { Spec = new EntrySpec("veth8") }, Entry(EntryKey.OfNumber(4)) with { Devmap = "other" },
        ];
        var swap = new SwapRecord("default", "veth9", "p", 5, Now.AddMinutes(1));
        var later = Entry(EntryKey.OfNumber(5)) with { Spec = new EntrySpec("veth9", "p"), Revision = 6 };
        using (var store = SqliteStore.Open(_directory))
        {
            store.Commit(new StoreBatch(4, [.. entries.Select(e => new StoreChange.PutEntry(e))]));
            store.Commit(new StoreBatch(6, [new StoreChange.PutSwap(swap), new StoreChange.PutEntry(later)]));
        }

        using var reopened = SqliteStore.Open(_directory);
        Assert.Equal(Expected(), Ordered(reopened.Load().Entries));

        reopened.Commit(new StoreBatch(8, [new StoreChange.DeleteEntry("default", entries[0].Key), new StoreChange.PutSwap(swap with { EgressProgram = null, Revision = 8 })]));
        Assert.Equal(
            [("default", 2u, null, 8), ("default", 5u, null, 8)],
            Ordered(reopened.Load().Entries).Where(e => e is { Devmap: "default", Spec.Interface: "veth9", Key.InterfaceName: null })
                .Select(e => (e.Devmap, e.Key.Number, e.Spec.EgressProgram, e.Revision)));

        IEnumerable<EntryRecord> Expected() => Ordered(
        [
            .. entries[..3].Select(e => e with
            {
                Spec = e.Spec with { EgressProgram = "p" }, Revision = 5, UpdateTime = e.UpdateTime > swap.UpdateTime ? e.UpdateTime : swap.UpdateTime,
            }),
            .. entries[3..],
            later,
        ]);
        static IEnumerable<EntryRecord> Ordered(IEnumerable<EntryRecord> all) => all.OrderBy(e => (e.Devmap, e.Key.InterfaceName, e.Key.Number));
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
            Assert.Throws<StoreException>(() => store.Commit(new StoreBatch(1, [new StoreChange.PutDevmap(new DevmapRecord("default", new DevmapSpec()))])));
        }

        Assert.Empty(store.Load().Devmaps);
        store.Commit(new StoreBatch(1, [new StoreChange.PutDevmap(new DevmapRecord("default", new DevmapSpec()))]));
        Assert.Equal(["default"], store.Load().Devmaps.Select(d => d.Name));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Open_StoreWithColumnsForParameters_KeepsTheParameters(int old)
    {
        MakeOldStore(old);
        Assert.Equal(old, SqliteStore.Inspect(_directory).SchemaVersion);
        AssertMigrated(SqliteStore.Inspect(_directory).State);

        using (var store = SqliteStore.Open(_directory))
        {
            AssertMigrated(store.Load());
            store.Commit(new StoreBatch(9, [new StoreChange.DeleteProgram("count")]));
        }

        var (version, state) = SqliteStore.Inspect(_directory);
        Assert.Equal(SqliteStore.SchemaVersion, version);
        Assert.Equal(["rewrite", "tag"], state.Programs.Select(p => p.Name));

        static void AssertMigrated(StoredState state) => Assert.Equal(
            [
                new EgressProgramRecord("count", new EgressProgramSpec(new EgressProgramConfig(EgressTemplate.Count), Labels.Of([new("a", "b")]), "me"), 2, Now, Now.AddTicks(1)),
                new EgressProgramRecord("rewrite", new EgressProgramSpec(TestPrograms.RewriteMac(new MacAddress(0x020000000001), new MacAddress(0x020000000002))), 3, Now, Now),
                new EgressProgramRecord("tag", new EgressProgramSpec(TestPrograms.PushVlan(100)), 4, Now, Now),
            ],
            state.Programs.OrderBy(p => p.Name, StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("{\"dscp\":1}", "'dscp' is not an action that this version knows")]
    [InlineData("{\"pushVlan\":4095}", "actions.pushVlan must be 1 to 4094")]
    [InlineData("{\"pushVlan\":70000}", "cannot be read")]
    [InlineData("{\"sourceMac\":\"x\"}", "must be six hexadecimal octets")]
    [InlineData("x", "cannot be read")]
    [InlineData("[]", "cannot be read")]
    public void Load_ActionsThatThisVersionCannotKnow_AreRefused(string text, string message)
    {
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(1, [new StoreChange.PutEntry(Entry(EntryKey.OfNumber(1)))]));
        using (var connection = Connect())
            Execute(connection, $"UPDATE entries SET actions = '{text}'");

        using var reopened = SqliteStore.Open(_directory);
        Assert.Contains(message, Assert.Throws<StoreException>(reopened.Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void StoreOfASchemaWithoutActions_KeepsItsEntries()
    {
        var record = Entry(EntryKey.OfNumber(1));
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(1, [new StoreChange.PutEntry(record)]));
        using (var connection = Connect())
            Execute(connection, $"PRAGMA user_version = 8; {WithoutHistory} {WithoutLeases} ALTER TABLE entries DROP COLUMN actions;");

        using var migrated = SqliteStore.Open(_directory);

        Assert.Equal([record], migrated.Load().Entries);
        var changed = record with { Spec = record.Spec with { Actions = new EntryActions(PushVlan: 100) }, Revision = 2 };
        migrated.Commit(new StoreBatch(2, [new StoreChange.PutEntry(changed)]));
        Assert.Equal([changed], migrated.Load().Entries);
    }

    [Fact]
    public void StoreOfASchemaWithoutLeases_KeepsItsEntriesAndAttachments()
    {
        var (entry, attachment) = (Entry(EntryKey.OfNumber(1)), new AttachmentRecord("default", "veth0", new AttachmentSpec(AttachMode.Auto), 1, Now, Now));
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(1, [new StoreChange.PutEntry(entry), new StoreChange.PutAttachment(attachment)]));
        using (var connection = Connect())
            Execute(connection, $"PRAGMA user_version = 10; {WithoutLeases}");

        using var migrated = SqliteStore.Open(_directory);

        Assert.Equal((entry, attachment, 0), (migrated.Load().Entries.Single(), migrated.Load().Attachments.Single(), migrated.Load().Leases.Count));
    }

    [Fact]
    public void StoreOfASchemaWithoutDevmapsByTheApi_KeepsItsDevmaps()
    {
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(1, [new StoreChange.PutDevmap(new DevmapRecord("default", new DevmapSpec()) { CreateTime = Now, UpdateTime = Now })]));
        using (var connection = Connect())
        {
            Execute(
                connection,
                $"""
                PRAGMA user_version = 11; {WithoutDevmapsByApi}
                UPDATE devmaps SET settings = 'DevmapSpec [ MaxEntries = 16, ValueSize = 4, NumaNode = , KeySelector = Ipv4Destination, MissAction = Drop, Counters = False, EnsureTargets = On, CompleteChecksums = Off, RedirectPeer = Off ]';
                UPDATE devmaps SET settings = replace(replace(settings, '[', char(123)), ']', char(125));
                """);
        }

        using var migrated = SqliteStore.Open(_directory);

        var spec = new DevmapSpec(16, 4, null, KeySelector.Ipv4Destination, MissAction.Drop, Counters: false, EnsureTargets.On, CompleteChecksums.Off, RedirectPeer.Off);
        Assert.Equal([new DevmapRecord("default", spec) { CreateTime = Now, UpdateTime = Now, Revision = 1 }], migrated.Load().Devmaps);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Devmap_DeletedAndMadeAgain_HasNothingOfTheOneBefore(bool settlesBetween, bool endsByCrash)
    {
        var blue = new DevmapRecord("default", new DevmapSpec(16)) { DeclaredIn = DeclaredIn.Api, Revision = 1, CreateRevision = 1, CreateTime = Now, UpdateTime = Now };
        var (again, attachment) = (blue with { Revision = 5, CreateRevision = 5 }, new AttachmentRecord("default", "veth0", new AttachmentSpec(AttachMode.Auto), 3, Now, Now));
        var (old, kept) = (Entry(EntryKey.OfNumber(1)), Entry(EntryKey.OfNumber(2)));
        var changed = again with { Spec = again.Spec with { MissAction = MissAction.Drop }, Revision = 7 };
        var store = SqliteStore.Open(_directory);
        Commit(1, new StoreChange.PutDevmap(blue));
        Commit(2, new StoreChange.PutEntry(old), new StoreChange.PutEntry(kept));
        Commit(3, new StoreChange.PutAttachment(attachment), new StoreChange.PutSwap(new SwapRecord("default", kept.Spec.Interface, "p", 3, Now)));
        Settle();
        Commit(4, new StoreChange.DeleteDevmap("default") { Before = blue });
        Settle();
        Commit(5, new StoreChange.PutDevmap(again));
        Commit(6, new StoreChange.PutEntry(kept));
        Commit(7, new StoreChange.PutDevmap(changed) { Before = again });
        if (!endsByCrash)
        {
            store.Dispose();
            store = SqliteStore.Open(_directory);
        }

        var state = endsByCrash ? SqliteStore.Inspect(_directory).State : store.Load();
        store.Dispose();
        Assert.Equal([changed], state.Devmaps);
        Assert.Equal([kept], state.Entries);
        Assert.Empty(state.Attachments);
        Assert.Equal([kept], SqliteStore.Inspect(_directory).State.Entries);

        void Commit(long revision, params StoreChange[] changes) => store.Commit(new StoreBatch(revision, changes));

        void Settle()
        {
            if (!settlesBetween)
                return;
            store.Dispose();
            store = SqliteStore.Open(_directory);
        }
    }

    [Theory]
    [InlineData(OnInterfaceGone.Keep, null)]
    [InlineData(OnInterfaceGone.Delete, null)]
    [InlineData(OnInterfaceGone.DeleteAfter, 1500)]
    public void Lease_AndTheEndsOfEntries_AreReadBack(OnInterfaceGone onGone, int? milliseconds)
    {
        var labels = Labels.Of(new Dictionary<string, string> { ["a"] = "b" });
        var lease = new LeaseRecord("cni", new LeaseSpec(TimeSpan.FromMilliseconds(1500), labels, "me"), 3, Now, Now);
        var entry = Entry(EntryKey.OfNumber(1));
        entry = entry with
        {
            Spec = entry.Spec with { Lease = "cni", OnInterfaceGone = onGone, DeleteAfter = milliseconds is { } after ? TimeSpan.FromMilliseconds(after) : null },
        };
        var attachment = new AttachmentRecord("default", "veth0", new AttachmentSpec(AttachMode.Auto) { Lease = "cni" }, 1, Now, Now);
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(3, [new StoreChange.PutLease(lease), new StoreChange.PutEntry(entry), new StoreChange.PutAttachment(attachment)]));
        using var again = SqliteStore.Open(_directory);
        Assert.Equal((lease, entry, attachment), (again.Load().Leases.Single(), again.Load().Entries.Single(), again.Load().Attachments.Single()));
        again.Commit(new StoreBatch(4, [new StoreChange.DeleteLease("cni")]));
        Assert.Empty(again.Load().Leases);
    }

    [Theory]
    [InlineData("template = 'mirror'", "the program p cannot be read: 'mirror' is not an egress template that this version knows; it knows count,")]
    [InlineData("parameters = '{\"dscp\":1}'", "the program p cannot be read: 'dscp' is not a parameter that this version knows")]
    [InlineData("parameters = '{\"vlanId\":4095}'", "the program p cannot be read: parameters.vlanId must be 1 to 4094")]
    [InlineData("parameters = '{}'", "the program p cannot be read: parameters.vlanId is required by this template")]
    [InlineData("parameters = 'x'", "the program p cannot be read: the parameters x are not a JSON object")]
    public void Load_ProgramThatThisVersionCannotKnow_IsRefused(string change, string message)
    {
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(1, [new StoreChange.PutProgram(new EgressProgramRecord("p", new EgressProgramSpec(TestPrograms.PushVlan(7)), 1, Now, Now))]));
        using (var connection = Connect())
            Execute(connection, $"UPDATE programs SET {change}");

        using var reopened = SqliteStore.Open(_directory);
        Assert.Contains(message, Assert.Throws<StoreException>(reopened.Load).Message, StringComparison.Ordinal);
        Assert.Contains(message, Assert.Throws<StoreException>(() => SqliteStore.Inspect(_directory)).Message, StringComparison.Ordinal);
    }

    internal const string WithoutHistory = "DROP TABLE changes; ALTER TABLE meta DROP COLUMN history_from; ALTER TABLE meta DROP COLUMN history_bytes;";

    private const string WithoutPromiscuity = WithoutHistory + WithoutLeases + " ALTER TABLE attachments DROP COLUMN promiscuous; DROP TABLE promiscuous; DROP TABLE tokens; DROP TABLE swaps; DROP TABLE calls; DROP TABLE call_parts; ALTER TABLE entries DROP COLUMN actions;";

    private const string WithoutDevmapsByApi =
        "ALTER TABLE devmaps DROP COLUMN create_revision; ALTER TABLE devmaps DROP COLUMN revision; ALTER TABLE devmaps DROP COLUMN declared_in; ALTER TABLE devmaps RENAME COLUMN spec TO settings; ";

    internal const string WithoutLeases =
        WithoutDevmapsByApi + "DROP TABLE leases; ALTER TABLE entries DROP COLUMN lease; ALTER TABLE entries DROP COLUMN on_interface_gone; ALTER TABLE entries DROP COLUMN delete_after; ALTER TABLE attachments DROP COLUMN lease;";

    /// <summary>Makes a store as version 1 or 2 wrote it.</summary>
    private void MakeOldStore(int version)
    {
        SqliteStore.Open(_directory).Dispose();
        using var connection = Connect();
        Execute(
            connection,
            $$"""
            PRAGMA user_version = {{version}};
            {{(version == 1 ? "DROP TABLE origin;" : "")}}
            {{WithoutPromiscuity}}
            DROP TABLE programs;
            CREATE TABLE programs (
                name TEXT PRIMARY KEY, template TEXT NOT NULL, source_mac TEXT, destination_mac TEXT, vlan_id INTEGER, labels TEXT NOT NULL,
                owner TEXT, revision INTEGER NOT NULL, create_time TEXT NOT NULL, update_time TEXT NOT NULL) STRICT, WITHOUT ROWID;
            INSERT INTO programs VALUES
                ('count', 'count', NULL, NULL, NULL, '{"a":"b"}', 'me', 2, '2026-05-04T03:02:01.1230000Z', '2026-05-04T03:02:01.1230001Z'),
                ('rewrite', 'rewriteMac', '02:00:00:00:00:01', '02:00:00:00:00:02', NULL, '{}', NULL, 3, '2026-05-04T03:02:01.1230000Z', '2026-05-04T03:02:01.1230000Z'),
                ('tag', 'pushVlan', NULL, NULL, 100, '{}', NULL, 4, '2026-05-04T03:02:01.1230000Z', '2026-05-04T03:02:01.1230000Z');
            """);
    }

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    [InlineData(AttachMode.Tcx)]
    [InlineData(AttachMode.Auto)]
    public void Attachment_OfEachMode_IsReadBack(AttachMode mode)
    {
        var record = new AttachmentRecord("default", "veth0", new AttachmentSpec(mode), 1, Now, Now);
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(1, [new StoreChange.PutDevmap(new DevmapRecord("default", new DevmapSpec())), new StoreChange.PutAttachment(record)]));
        using var again = SqliteStore.Open(_directory);
        Assert.Equal([record], again.Load().Attachments);
    }

    [Fact]
    public void StoreOfASchemaWithoutTcx_KeepsItsAttachments()
    {
        var record = new AttachmentRecord("default", "veth0", new AttachmentSpec(AttachMode.Generic), 1, Now, Now);
        using (var store = SqliteStore.Open(_directory))
            store.Commit(new StoreBatch(1, [new StoreChange.PutDevmap(new DevmapRecord("default", new DevmapSpec())), new StoreChange.PutAttachment(record)]));
        using (var connection = Connect())
            Execute(connection, $"PRAGMA user_version = 3; {WithoutPromiscuity}");

        using var migrated = SqliteStore.Open(_directory);

        Assert.Equal([record], migrated.Load().Attachments);
        var tcx = record with { Spec = new AttachmentSpec(AttachMode.Tcx), Revision = 2 };
        migrated.Commit(new StoreBatch(2, [new StoreChange.PutAttachment(tcx)]));
        Assert.Equal([tcx], migrated.Load().Attachments);
    }

    [Theory]
    [InlineData("9.8.7")]
    [InlineData(null)]
    public void Open_StoreOfALaterDevmapd_NamesTheVersionToUse(string? writer)
    {
        SqliteStore.Open(_directory).Dispose();
        using (var connection = Connect())
        {
            Execute(connection, "PRAGMA user_version = 99");
            if (writer is not null)
                Execute(connection, $"INSERT INTO releases VALUES (99, '{writer}')");
        }

        var refusal = Assert.Throws<StoreException>(() => SqliteStore.Open(_directory));

        Assert.Equal(ErrorCode.StoreUnavailable, refusal.Error!.Code);
        Assert.Contains("schema version 99", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"up to {SqliteStore.SchemaVersion}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(writer is null ? "Use devmapd of a later version" : $"Use devmapd {writer} or later", refusal.Error.Remedy!.Summary, StringComparison.Ordinal);
        Assert.Equal(refusal.Message, Assert.Throws<StoreException>(() => SqliteStore.Inspect(_directory)).Message);
    }

    /// <summary>The last line of the table of versions is about this build.</summary>
    [Fact]
    public void Docs_HaveThisVersion()
    {
        var version = Version.Parse(Regex.Match(File.ReadAllText(Repository.PathOf("Directory.Build.props")), "<VersionPrefix>(.*)</VersionPrefix>").Groups[1].Value);
        var layout = Regex.Match(File.ReadAllText(Repository.PathOf("bpf/devmapd.h")), @"#define DEVMAPD_VERSION (\d+)").Groups[1].Value;
        var line = File.ReadLines(Repository.PathOf("docs/deployment.md")).Last(l => l.StartsWith('|') && l.Contains("`devmapd.v1`", StringComparison.Ordinal));
        Assert.Equal($"| {version.Major}.{version.Minor} | 1 to {SqliteStore.SchemaVersion} | `devmapd.v1` | 1 to {layout} |", line);
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
