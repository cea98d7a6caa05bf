using System.Reflection;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Storage;
using ControlPlane.TestCommon;
using Microsoft.Data.Sqlite;

namespace ControlPlane.UnitTests.Storage;

/// <summary>The history of a store: kept with who and what, complete over crashes, and bounded.</summary>
public sealed class HistoryTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2026, 5, 4, 3, 2, 1, 123, TimeSpan.Zero);
    private static readonly ChangeOrigin _caller = new("token ci, from 10.0.0.9:4711", "token ci", "abc");

    private readonly string _home = Directory.CreateTempSubdirectory("devmapd-history-").FullName;

    private string Folder => Path.Combine(_home, "state");

    private string FilePath => Path.Combine(Folder, SqliteStore.FileName);

    public void Dispose() => Directory.Delete(_home, recursive: true);

    public static TheoryData<bool> Stores { get; } = [true, false];

    [Theory]
    [MemberData(nameof(Stores))]
    public void Read_GivesBackEveryKindOfChange_WithoutHashes(bool durable)
    {
        var changes = OneOfEachKind();
        using (var store = Open(durable))
            store.Commit(Batch(40, changes));
        using var read = durable ? Open(durable) : null;
        using var memory = durable ? null : Open(durable);
        memory?.Commit(Batch(40, changes));

        var history = (read ?? memory!).History;
        var commit = Assert.Single(history.Read(0, 40, 1)!);

        Assert.Equal((20, 40, _now), (commit.FirstRevision, commit.LastRevision, commit.Time));
        Assert.Equal(changes.Count, commit.Changes.Count);
        foreach (var (change, record) in changes.OrderBy(c => c.Revision).Zip(commit.Changes))
        {
            Assert.Equal((change.Revision, change.Origin, change.Resource, null), (record.Revision, record.Origin, record.Resource, record.Refusal));
            AssertSame(change.Before, record.Before);
            AssertSame(change.After, record.After);
            Assert.Equal(change is StoreChange.PutSwap swap ? swap.Entries : 1, record.Count);
        }
    }

    /// <summary>A member of a record that is missing in a row would be lost with the next crash.</summary>
    [Fact]
    public void EveryMemberOfEveryRecord_IsInTheSamples()
    {
        foreach (var record in OneOfEachKind().SelectMany(c => new[] { c.Before, c.After }).OfType<IDesiredRecord>())
            AssertSet(record, record.GetType().Name);

        static void AssertSet(object value, string path)
        {
            foreach (var member in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
            {
                var text = $"{path}.{member.Name}";
                var of = member.GetValue(value);
                Assert.True(of is not null && !of.Equals(member.PropertyType.IsValueType ? Activator.CreateInstance(member.PropertyType) : null), $"{text} is not set");
                if (member.PropertyType.Name.EndsWith("Spec", StringComparison.Ordinal))
                    AssertSet(of, text);
            }
        }
    }

    [Fact]
    public void Kill_BetweenRowAndCheckpoint_LosesNothing()
    {
        using var crashed = SqliteStore.Open(Folder);
        crashed.Commit(Batch(40, OneOfEachKind()));
        crashed.Commit(new StoreBatch(41, [new StoreChange.PutPromiscuity(new StoredPromiscuity(5, "eth0"))]));
        crashed.Commit(Batch(42, [Put(7, 42), new StoreChange.DeleteProgram("gone")]));
        var copy = Crash();

        Assert.Equal(0, Number(copy, "SELECT count(*) FROM entries"));
        Assert.Equal(0, Number(copy, "SELECT revision FROM meta"));
        AssertHolds(SqliteStore.Inspect(copy).State);
        using (var store = SqliteStore.Open(copy))
            AssertHolds(store.Load());
        // The end of that process has brought the tables up to date.
        Assert.Equal(42, Number(copy, "SELECT revision FROM meta"));
        Assert.Equal(2, Number(copy, "SELECT count(*) FROM entries"));
        AssertHolds(SqliteStore.Inspect(copy).State);

        static void AssertHolds(StoredState state)
        {
            Assert.Equal(42, state.Revision);
            Assert.Equal([1u, 7u], state.Entries.Select(e => e.Key.Number).Order());
            Assert.Equal("hash", Assert.Single(state.Tokens).Hash);
            Assert.Equal("eth0", Assert.Single(state.Promiscuous).Interface);
            Assert.Equal("p", Assert.Single(state.Programs).Name);
            Assert.Equal("q", state.Entries.Single(e => e.Key.Number == 1).Spec.EgressProgram); // of the swap
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Kill_AtAnyPointOfACheckpoint_LosesNothing(int seed)
    {
        var random = new Random(seed);
        // So little history is kept that checkpoints come soon.
        var store = SqliteStore.Open(Folder, new HistoryOptions { MaxBytes = 65_536 });
        using var model = new MemoryStore();
        long revision = 0;
        for (var turn = 0; turn < 60; turn++)
        {
            var changes = Enumerable.Range(0, random.Next(1, 120)).Select(_ => RandomChange(random, ref revision)).ToList();
            var batch = new StoreBatch(revision, changes) { Time = _now.AddSeconds(turn) };
            store.Commit(batch);
            model.Commit(batch);
            for (var slices = random.Next(3); slices > 0; slices--)
                store.Settle();
            if (random.Next(4) > 0)
                continue;
            var copy = Crash();
            AssertSameState(model.Load(), SqliteStore.Inspect(copy).State);
            store.Dispose();
            Directory.Delete(Folder, recursive: true);
            Directory.Move(copy, Folder);
            store = SqliteStore.Open(Folder, new HistoryOptions { MaxBytes = 65_536 });
            AssertSameState(model.Load(), store.Load());
        }

        store.Dispose();
        AssertSameState(model.Load(), SqliteStore.Inspect(Folder).State);
    }

    [Fact]
    public void Log_CutAnywhere_HoldsACommittedState()
    {
        using var crashed = SqliteStore.Open(Folder);
        var random = new Random(5);
        var states = new Dictionary<long, StoredState>();
        using var model = new MemoryStore();
        states[0] = model.Load();
        long revision = 0;
        for (var i = 0; i < 30; i++)
        {
            var batch = Batch(revision + 20, [.. Enumerable.Range(0, 20).Select(_ => RandomChange(random, ref revision))]);
            crashed.Commit(batch);
            model.Commit(batch);
            states[revision] = model.Load();
        }

        var log = File.ReadAllBytes(FilePath + "-wal");
        var seen = new HashSet<long>();
        for (var cut = 0; cut < 40; cut++)
        {
            var copy = Crash();
            File.WriteAllBytes(Path.Combine(copy, SqliteStore.FileName + "-wal"), log[..random.Next(log.Length)]);
            using (var store = SqliteStore.Open(copy))
            {
                var state = store.Load();
                AssertSameState(states[state.Revision], state);
                seen.Add(state.Revision);
            }

            Directory.Delete(copy, recursive: true);
        }

        Assert.True(seen.Count > 5);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public void Read_AnyPart_IsInOrderAndComplete(bool durable)
    {
        using var store = Open(durable);
        for (var commit = 1; commit <= 20; commit++)
            store.Commit(Batch(commit * 3, [Put(1, (commit * 3) - 2), Put(2, (commit * 3) - 1), Put(3, commit * 3)]));

        for (var after = 0; after <= 60; after++)
        {
            for (var upTo = after; upTo <= 61; upTo++)
            {
                var found = new List<long>();
                for (long from = after; store.History.Read(from, upTo, 4)! is [.., var last] page; from = last.LastRevision)
                    found.AddRange(page.SelectMany(c => c.Changes).Select(c => c.Revision));
                Assert.Equal(Enumerable.Range(1, 60).Where(r => r > after && (r + 2) / 3 * 3 <= upTo).Select(r => (long)r), found);
            }
        }

        Assert.Equal([57L, 54L], store.History.ReadBack(60, 4).Select(c => c.LastRevision));
        Assert.Equal([60L], store.History.ReadBack(61, 1).Select(c => c.LastRevision));
        Assert.Empty(store.History.ReadBack(3, 9));
        Assert.Equal(20, store.History.ReadBack(long.MaxValue, int.MaxValue).Count);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public void ChangeThatWasTakenBackAtOnce_IsShownAsRefused(bool durable)
    {
        using var store = Open(durable);
        store.Commit(Batch(3, [Put(1, 1), Put(2, 2), Put(3, 3)]));
        store.Commit(Batch(4, [new StoreChange.DeleteEntry("default", EntryKey.OfNumber(2)) { Revision = 4, Voids = 2, Origin = _caller with { TakesBack = "no memory" } }]));
        store.Commit(Batch(5, [Put(2, 5)]));

        var commits = store.History.Read(0, 5, 100)!;
        Assert.Equal([null, "no memory", null], commits[0].Changes.Select(c => c.Refusal));
        Assert.Empty(commits[1].Changes);
        Assert.Equal([null], commits[2].Changes.Select(c => c.Refusal));
        Assert.Equal("no memory", store.History.Read(0, 3, 1)![0].Changes[1].Refusal);
        Assert.Equal("no memory", store.History.ReadBack(4, 1)[0].Changes[1].Refusal);
        Assert.Equal("no memory", store.History.ReadBack(9, 9)[^1].Changes[1].Refusal);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public void History_GoesByAge(bool durable)
    {
        using var store = Open(durable, new HistoryOptions { MaxAge = TimeSpan.FromHours(1) });
        for (var minute = 0; minute <= 180; minute++)
        {
            store.Commit(new StoreBatch(minute + 1, [Put(1, minute + 1)]) { Time = _now.AddMinutes(minute) });
            Settle(store);
        }

        var floor = store.History.Floor;
        Assert.InRange(floor, 100, 121);
        Assert.Null(store.History.Read(floor - 1, long.MaxValue, 1));
        Assert.Equal(floor + 1, store.History.Read(floor, long.MaxValue, 1)![0].Changes[0].Revision);
        Assert.Equal(181 - floor, store.History.ReadBack(long.MaxValue, int.MaxValue).Count);
        Assert.Equal(181, Assert.Single(store.Load().Entries).Revision);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public void History_GoesBySize_AndNotBeyondTheTables(bool durable)
    {
        using (var store = Open(durable, new HistoryOptions { MaxBytes = 65_536 }))
        {
            for (var revision = 1; revision <= 5_000; revision++)
            {
                store.Commit(Batch(revision, [Put((uint)(revision % 700), revision)]));
                Settle(store);
            }

            Assert.InRange(store.History.Floor, 4_000, 4_990);
            Assert.Equal(700, store.Load().Entries.Count);
        }

        if (!durable)
            return;
        Assert.InRange(Number(Folder, "SELECT sum(length(body) + 24) FROM changes"), 1, 70_000);
        Assert.Equal(Number(Folder, "SELECT sum(length(body) + 24) FROM changes"), Number(Folder, "SELECT history_bytes FROM meta"));
        Assert.True(Number(Folder, "SELECT history_from FROM meta") < Number(Folder, "SELECT min(last_revision) FROM changes"));
    }

    [Fact]
    public void StoreOfASchemaWithoutHistory_KeepsEverything_AndBeginsAHistory()
    {
        using (var store = SqliteStore.Open(Folder))
            store.Commit(Batch(40, OneOfEachKind(hasLeases: false)));
        var before = SqliteStore.Inspect(Folder).State;
        // All devmaps were those of the configuration then.
        before = before with { Devmaps = [.. before.Devmaps.Select(d => d with { DeclaredIn = DeclaredIn.Configuration, Revision = 1, CreateRevision = 0 })] };
        using (var connection = Connect(Folder))
            Execute(connection, $"PRAGMA user_version = 9; {SqliteStoreTests.WithoutHistory} {SqliteStoreTests.WithoutLeases}");

        AssertSameState(before, SqliteStore.Inspect(Folder).State);
        using var migrated = SqliteStore.Open(Folder);
        AssertSameState(before, migrated.Load());
        Assert.Equal(40, migrated.History.Floor);
        Assert.Null(migrated.History.Read(39, 50, 1));
        Assert.Empty(migrated.History.Read(40, 50, 1)!);
        migrated.Commit(Batch(41, [Put(9, 41)]));
        Assert.Equal(41, Assert.Single(migrated.History.Read(40, 50, 1)!).LastRevision);
    }

    [Fact]
    public void Backup_WithChangesThatTheTablesLack_IsRestoredWhole_AndItsHistoryBeginsAgain()
    {
        var backup = Path.Combine(_home, "backup.db");
        using (var store = SqliteStore.Open(Folder))
        {
            store.Commit(Batch(40, OneOfEachKind()));
            store.Commit(Batch(41, [Put(7, 41)]));
            SqliteStore.Backup(Folder, backup);
            store.Commit(Batch(50, [Put(8, 50)]));
        }

        var state = SqliteStore.InspectFile(backup).State;
        Assert.Equal((41, 2), (state.Revision, state.Entries.Count));
        SqliteStore.Restore(Folder, backup);

        using var restored = SqliteStore.Open(Folder);
        var after = restored.Load();
        AssertSameState(state with { Revision = after.Revision }, after);
        Assert.True(after.Revision > 50);
        // A client that saw a change that is lost must not go on after it.
        Assert.Null(restored.History.Read(50, long.MaxValue, 1));
        Assert.Null(restored.History.Read(41, long.MaxValue, 1));
        restored.Commit(Batch(after.Revision + 1, [Put(9, after.Revision + 1)]));
        Assert.Single(restored.History.Read(after.Revision, long.MaxValue, 1)!);
    }

    [Fact]
    public void StoreWithLargePages_GetsSmallOnes()
    {
        using (var store = SqliteStore.Open(Folder))
            store.Commit(Batch(40, OneOfEachKind()));
        var before = SqliteStore.Inspect(Folder).State;
        using (var connection = Connect(Folder))
            Execute(connection, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 4096; VACUUM");
        Assert.Equal(4096, Number(Folder, "PRAGMA page_size"));

        using (var store = SqliteStore.Open(Folder))
        {
            AssertSameState(before, store.Load());
            store.Commit(Batch(41, [Put(9, 41)]));
            Assert.Equal(2, store.History.Read(0, 41, 99)!.Count);
        }

        Assert.Equal(1024, Number(Folder, "PRAGMA page_size"));
    }

    [Fact]
    public async Task Readers_BesideTheWriter_SeeWholeCommits()
    {
        using var store = SqliteStore.Open(Folder, new HistoryOptions { MaxBytes = 65_536 });
        using var ended = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (long after = 0; !ended.IsCancellationRequested;)
            {
                if (store.History.Read(after, long.MaxValue, 50) is not { } commits)
                {
                    after = store.History.Floor;
                    continue;
                }

                foreach (var commit in commits)
                {
                    Assert.Equal((after + 1, after + 2), (commit.FirstRevision, commit.LastRevision));
                    Assert.Equal([after + 1, after + 2], commit.Changes.Select(c => c.Revision));
                    after = commit.LastRevision;
                }
            }
        })).ToList();
        for (var revision = 2; revision <= 4_000; revision += 2)
        {
            store.Commit(Batch(revision, [Put(1, revision - 1), Put(2, revision)]));
            Settle(store);
        }

        await ended.CancelAsync();
        await Task.WhenAll(readers);
    }

    private static StoreBatch Batch(long revision, IReadOnlyList<StoreChange> changes) => new(revision, changes) { Time = _now };

    private static StoreChange.PutEntry Put(uint key, long revision) =>
        new StoreChange.PutEntry(new EntryRecord("default", EntryKey.OfNumber(key), new EntrySpec("veth0"), revision, _now, _now)) { Revision = revision, Origin = _caller };

    // Each with all of its members.
    private static List<StoreChange> OneOfEachKind(bool hasLeases = true)
    {
        var labels = Labels.Of([new("a", "b ü"), new("c", "")]);
        var entry = new EntryRecord(
            "default", EntryKey.OfNumber(1), new EntrySpec("veth9", "p", labels, "cni", new EntryActions(new MacAddress(0x0200000000ab), PushVlan: 7)), 20, _now.AddDays(-1), _now.AddTicks(1));
        if (hasLeases)
            entry = entry with { Spec = entry.Spec with { Lease = "node", OnInterfaceGone = OnInterfaceGone.DeleteAfter, DeleteAfter = TimeSpan.FromMilliseconds(1500) } };
        var attachment = new AttachmentRecord("default", "veth0", new AttachmentSpec(AttachMode.Auto, Promiscuous.Off, labels, "me") { Lease = hasLeases ? "node" : null }, 23, _now.AddDays(-2), _now);
        var program = new EgressProgramRecord("p", new EgressProgramSpec(TestPrograms.PushVlan(7), labels, "you"), 24, _now.AddDays(-3), _now);
        var token = new TokenRecord("ci", "hash", new TokenSpec(Role.Operator, _now.AddYears(1), new TokenLimits(["default"], ["cni"], [new KeyRange("default", "1", "2")]), labels, "us"), 25, _now);
        var devmap = new DevmapRecord("default", new DevmapSpec(7, 4, 1, KeySelector.Vlan, MissAction.Pass, true, EnsureTargets.On, CompleteChecksums.Off, RedirectPeer.Off, labels, "me"))
        {
            DeclaredIn = DeclaredIn.Api, Revision = 22, CreateRevision = 9, CreateTime = _now.AddDays(-4), UpdateTime = _now,
        };
        var swap = new SwapRecord("default", "veth9", "q", 30, _now.AddTicks(-5));
        var lease = new LeaseRecord("node", new LeaseSpec(TimeSpan.FromSeconds(30), labels, "cni"), 31, _now.AddDays(-5), _now);
        var named = entry with { Key = EntryKey.OfInterface("veth.1"), Revision = 3 };
        List<StoreChange> changes =
        [
            new StoreChange.PutEntry(entry) { Before = entry with { Revision = 2, Spec = entry.Spec with { Interface = "veth8", EgressProgram = "q", Owner = "other", Actions = new EntryActions(PopVlan: true) } } },
            new StoreChange.DeleteEntry("default", named.Key) { Before = named, Revision = 21 },
            new StoreChange.PutDevmap(devmap) { Before = devmap with { Spec = devmap.Spec with { MissAction = MissAction.Drop }, Revision = 9 }, Revision = 22 },
            new StoreChange.DeleteDevmap("gone") { Before = devmap with { Name = "gone" }, Revision = 22 },
            new StoreChange.PutAttachment(attachment) { Before = attachment with { Revision = 4 } },
            new StoreChange.DeleteAttachment("default", "gone0") { Before = attachment with { Interface = "gone0" }, Revision = 26 },
            new StoreChange.PutProgram(program),
            new StoreChange.DeleteProgram("gone") { Before = program with { Name = "gone" }, Revision = 27 },
            new StoreChange.PutToken(token),
            new StoreChange.DeleteToken("gone") { Before = token with { Name = "gone" }, Revision = 28, Origin = ChangeOrigin.Daemon },
            .. hasLeases ? new StoreChange[] { new StoreChange.PutLease(lease), new StoreChange.DeleteLease("gone") { Before = lease with { Name = "gone" }, Revision = 32 } } : [],
            new StoreChange.PutSwap(swap) { Before = swap with { EgressProgram = "p" }, Entries = 300 },
        ];
        return [.. changes.Select(c => c with { Revision = c.After is { Revision: > 0 } after ? after.Revision : c.Revision, Origin = c.Origin ?? _caller })];
    }

    private static StoreChange RandomChange(Random random, ref long revision)
    {
        revision++;
        var (key, name) = (EntryKey.OfNumber((uint)random.Next(400)), $"n{random.Next(6)}");
        StoreChange change = random.Next(12) switch
        {
            < 7 => new StoreChange.PutEntry(new EntryRecord("default", key, new EntrySpec($"veth{random.Next(5)}", random.Next(2) == 0 ? "p" : null), revision, _now, _now.AddSeconds(revision))),
            < 9 => new StoreChange.DeleteEntry("default", key),
            9 => new StoreChange.PutSwap(new SwapRecord("default", $"veth{random.Next(5)}", name, revision, _now.AddSeconds(revision))) { Entries = 5 },
            10 => new StoreChange.PutAttachment(new AttachmentRecord("default", name, new AttachmentSpec(AttachMode.Native), revision, _now, _now)),
            _ => new StoreChange.DeleteAttachment("default", name),
        };
        return change with { Revision = revision, Origin = _caller };
    }

    private static void AssertSame(IDesiredRecord? expected, IDesiredRecord? actual)
    {
        if (expected is not TokenRecord token)
        {
            Assert.Equal(expected, actual);
            return;
        }

        // Its limits are lists.
        Assert.Equivalent(token with { Hash = "" }, actual, strict: true);
    }

    private static void AssertSameState(StoredState expected, StoredState actual)
    {
        Assert.Equal(expected.Revision, actual.Revision);
        Assert.Equal(expected.Entries.OrderBy(Name), actual.Entries.OrderBy(Name));
        Assert.Equal(expected.Attachments.OrderBy(a => a.Interface, StringComparer.Ordinal), actual.Attachments.OrderBy(a => a.Interface, StringComparer.Ordinal));
        Assert.Equal(expected.Programs, actual.Programs);
        Assert.Equal(expected.Devmaps, actual.Devmaps);
        Assert.Equal(expected.Leases, actual.Leases);
        Assert.Equal(expected.Tokens.Select(t => (t.Name, t.Hash)), actual.Tokens.Select(t => (t.Name, t.Hash)));

        static string Name(EntryRecord entry) => $"{entry.Devmap} {entry.Key}";
    }

    private static void Settle(IStore store)
    {
        while (store.Settle())
        {
        }
    }

    private IStore Open(bool durable, HistoryOptions? options = null) => durable ? SqliteStore.Open(Folder, options) : new MemoryStore(options);

    // A copy of the files as they are now, as a crash leaves them.
    private string Crash()
    {
        var copy = Path.Combine(_home, Path.GetRandomFileName());
        Directory.CreateDirectory(copy);
        foreach (var suffix in new[] { "", "-wal" })
        {
            if (File.Exists(FilePath + suffix))
                File.Copy(FilePath + suffix, Path.Combine(copy, SqliteStore.FileName + suffix));
        }

        return copy;
    }

    private static long Number(string folder, string sql)
    {
        using var connection = Connect(folder);
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are this test's own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return (long)command.ExecuteScalar()!;
    }

    private static SqliteConnection Connect(string folder)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(folder, SqliteStore.FileName)};Pooling=False");
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
