using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core;

/// <summary>Calls that their callers have marked with keys: a repeat gets the first answer.</summary>
public sealed class IdempotencyTests
{
    private static readonly DateTimeOffset _start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(BatchMode.Atomic)]
    [InlineData(BatchMode.Independent)]
    public async Task Repeat_GetsTheFirstAnswer_OverRestarts(BatchMode mode)
    {
        using var store = new MemoryStore();
        BatchItem[] items = [Put("vlans", "1"), Put("vlans", "2"), .. mode == BatchMode.Atomic ? Array.Empty<BatchItem>() : [Put("vlans", "3", "never0")]];
        BatchOutcome first;
        await using (var core = await CoreFixture.StartAsync(store: store))
        {
            first = await ApplyAsync(core, "a", mode, items);
            await core.PutAsync("vlans", "1", "sim3");
            await RepeatAsync(core);
        }

        await using var again = await CoreFixture.StartAsync(store: store);
        await RepeatAsync(again);

        async Task RepeatAsync(CoreFixture core)
        {
            var revision = core.State.Current.Revision;
            var repeat = await ApplyAsync(core, "a", mode, items);
            Assert.Equal(first.Revision, repeat.Revision);
            Assert.Equivalent(first.Results.Select(r => (r.Outcome, r.Revision, r.Error)), repeat.Results.Select(r => (r.Outcome, r.Revision, r.Error)), strict: true);
            Assert.Equal(revision, core.State.Current.Revision);
            Assert.Equal("sim3", core.Entries.Get("vlans", "1").Spec!.Interface);
        }
    }

    [Fact]
    public async Task SameKey_OtherRequest_IsRefused()
    {
        await using var core = await CoreFixture.StartAsync();
        await ApplyAsync(core, "a", BatchMode.Atomic, Put("vlans", "1"));
        await ApplyAsync(core, "b", BatchMode.Independent, Put("vlans", "2"));

        foreach (var (key, mode, item) in new[]
        {
            ("a", BatchMode.Atomic, Put("vlans", "1", "sim1")), ("a", BatchMode.Independent, Put("vlans", "1")), ("b", BatchMode.Independent, Put("vlans", "3")),
        })
            Assert.Equal(ErrorCode.IdempotencyKeyReused, (await CoreFixture.FailsAsync(() => ApplyAsync(core, key, mode, item))).Code);
        Assert.Equal(2, core.State.Current.Devmap("vlans").Entries.Count);
    }

    [Fact]
    public async Task SameKey_OfAnotherCaller_IsAnotherCall()
    {
        await using var core = await CoreFixture.StartAsync();
        await ApplyAsync(core, "a", BatchMode.Atomic, Put("vlans", "1"));
        var other = new RequestContext(new Caller("unix") { Token = "other" }, "-", default, new Violations(), default);

        var outcome = await core.Batches.ApplyAsync(new EntryBatch(BatchMode.Atomic, [Put("vlans", "1", "sim1")]), false, "a", other);

        Assert.Equal(ItemOutcome.Changed, outcome.Results.Single().Outcome);
    }

    [Fact]
    public async Task AtomicCallThatFailed_HappensWhenRepeated()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        gate.RefusedUpdate = gate.Updates + 2;
        gate.Refusal = new KernelException("bpf", Errno.ENOMEM, "ENOMEM");
        BatchItem[] items = [Put("vlans", "1"), Put("vlans", "2")];

        Assert.Equal(ErrorCode.KernelFailure, (await CoreFixture.FailsAsync(() => ApplyAsync(core, "a", BatchMode.Atomic, items))).Code);
        var outcome = await ApplyAsync(core, "a", BatchMode.Atomic, items);

        Assert.Equal([ItemOutcome.Created, ItemOutcome.Created], outcome.Results.Select(r => r.Outcome));
        Assert.Equal(outcome.Revision, (await ApplyAsync(core, "a", BatchMode.Atomic, items)).Revision);
    }

    // Each item may be made only if the entry does not exist: an item that happened twice would fail.
    [Fact]
    public async Task IndependentCallThatWasCutShort_IsCompletedByARepeat()
    {
        using var store = new MemoryStore();
        using var cut = new CancellationTokenSource();
        using var gate = new KernelGate();
        BatchItem[] items = [.. Enumerable.Range(1, 600).Select(i => Put("addresses", $"{i}", revision: 0))];
        await using (var core = await CoreFixture.StartAsync(wrap: gate.Wrap, store: store))
        {
            gate.Updating = n =>
            {
                if (n == 20)
                    cut.Cancel();
            };
            var cancelled = RequestContext.OfDaemon(cut.Token);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => core.Batches.ApplyAsync(new EntryBatch(BatchMode.Independent, items), false, "a", cancelled));
        }

        var happened = store.Load().CallParts.Count;
        await using var again = await CoreFixture.StartAsync(store: store);
        Assert.Equal(happened, again.State.Current.Devmap("addresses").Entries.Count);
        var outcome = await ApplyAsync(again, "a", BatchMode.Independent, items);

        Assert.All(outcome.Results, r => Assert.Equal(ItemOutcome.Created, r.Outcome));
        Assert.Equal(600, again.State.Current.Devmap("addresses").Entries.Count);
        Assert.InRange(happened, 1, 599);
        Assert.Empty(store.Load().CallParts);
    }

    [Fact]
    public async Task CallsAtTheSameTime_HappenOnce()
    {
        await using var core = await CoreFixture.StartAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => ApplyAsync(
            core, $"{i % 2}", i % 2 == 0 ? BatchMode.Atomic : BatchMode.Independent, [.. Enumerable.Range(1, 50).Select(n => Put("addresses", $"{(i % 2 * 100) + n}", revision: 0))]))));

        Assert.Equal(100, core.State.Current.Devmap("addresses").Entries.Count);
        for (var i = 0; i < outcomes.Length; i++)
            Assert.Equal(outcomes[i % 2].Results, outcomes[i].Results);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a,b")]
    [InlineData("\"\"")]
    [InlineData("ä")]
    public async Task KeyAgainstTheRule_IsRefused(string key)
    {
        await using var core = await CoreFixture.StartAsync();
        var error = await CoreFixture.FailsAsync(() => ApplyAsync(core, key, BatchMode.Atomic, Put("vlans", "1")));
        Assert.Equal((ErrorCode.InvalidArgument, "idempotencyKey"), (error.Code, error.Fields.Single().Field));
        Assert.Equal(ErrorCode.InvalidArgument, (await CoreFixture.FailsAsync(() => ApplyAsync(core, new string('a', 129), BatchMode.Atomic, Put("vlans", "1")))).Code);
    }

    [Fact]
    public async Task KeyInQuotes_IsTheSameKey()
    {
        await using var core = await CoreFixture.StartAsync();
        var first = await ApplyAsync(core, "\"a\"", BatchMode.Atomic, Put("vlans", "1", revision: 0));
        Assert.Equal(first.Results, (await ApplyAsync(core, "a", BatchMode.Atomic, Put("vlans", "1", revision: 0))).Results);
    }

    [Fact]
    public void Table_ForgetsCallsAfterADay()
    {
        var table = new CallTable();
        var call = Call("x", "1", 0);
        table.Set(call.Id, call);
        table.Add(new CallPart(call.Id, 3, ItemOutcome.Created, 7));

        Assert.Equal(call, table.Find(call.Id, _start + TimeSpan.FromHours(23)));
        Assert.Equal(3, table.PartsOf(call.Id).Keys.Single());
        Assert.Empty(table.Outdated(_start + TimeSpan.FromHours(23)));
        Assert.Null(table.Find(call.Id, _start + TimeSpan.FromHours(24)));
        Assert.Equal([call], table.Outdated(_start + TimeSpan.FromHours(24)));
        table.Set(call.Id, null);
        Assert.Empty(table.Outdated(_start + TimeSpan.FromHours(24)));
    }

    [Fact]
    public void Table_OldCallsOfAnAccountGiveWay_ToItsNewOnes()
    {
        var table = new CallTable(mostBytes: 10_000);
        foreach (var (account, calls) in new[] { ("few", 2), ("many", 20) })
        {
            for (var i = 0; i < calls; i++)
            {
                var call = Call(account, $"{i}", i) with { Answer = new byte[1000] };
                table.Set(call.Id, call);
                foreach (var old in table.Outdated(_start))
                    table.Set(old.Id, null);
            }
        }

        Assert.NotNull(table.Find(new CallId("few", "0")));
        Assert.Null(table.Find(new CallId("many", "0")));
        Assert.NotNull(table.Find(new CallId("many", "19")));
        Assert.Equal(3, Enumerable.Range(0, 20).Count(i => table.Find(new CallId("many", $"{i}")) is not null));
    }

    [Fact]
    public void Table_PartsOfACall_GoWithItsAnswer()
    {
        var table = new CallTable();
        var call = Call("x", "1", 0);
        table.Set(call.Id, call);
        table.Add(new CallPart(call.Id, 0, ItemOutcome.Created, 7));
        table.Set(call.Id, call with { Answer = [1] });
        Assert.Empty(table.PartsOf(call.Id));
        table.Add(new CallPart(new CallId("x", "never"), 0, ItemOutcome.Created, 7));
        Assert.Null(table.PartOf(new CallId("x", "never"), 0));
    }

    [Fact]
    public void Results_AreReadAsTheyWereWritten()
    {
        var results = new ItemResults(
            [
                new(ItemOutcome.Created, 7), new(ItemOutcome.Deleted, long.MaxValue),
                new(ItemOutcome.Failed, null, new ItemError("entry_not_found", "No.", "devmaps/a/entries/b", [])),
                new(ItemOutcome.Failed, null, new ItemError("invalid_argument", "No.", null, [new("items[3].put.key", "must be given")])),
            ],
            99);
        Assert.Equivalent(results, ItemResults.Of(results.ToBytes()), strict: true);
    }

    private static Task<BatchOutcome> ApplyAsync(CoreFixture core, string key, BatchMode mode, params BatchItem[] items) =>
        core.Batches.ApplyAsync(new EntryBatch(mode, items), false, key, RequestContext.OfDaemon());

    private static BatchItem Put(string devmap, string key, string target = "sim0", long? revision = null) =>
        new(new BatchPut(devmap, key, new EntrySpec(target), revision), null);

    private static KeyedCall Call(string account, string key, int seconds) => new(new CallId(account, key), "hash", _start + TimeSpan.FromSeconds(seconds));
}
