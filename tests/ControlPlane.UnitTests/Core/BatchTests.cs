using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Watching;

namespace ControlPlane.UnitTests.Core;

/// <summary>Writes of several entries in one call.</summary>
public sealed class BatchTests
{
    [Fact]
    public async Task Atomic_PutsAndDeletes_ShareOneRevision()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim0");
        var kept = await core.PutAsync("vlans", "2", "sim0");
        await core.PutAsync("vlans", "3", "sim0");

        var outcome = await core.ApplyAsync(
            BatchMode.Atomic, Put("vlans", "1", "sim1"), Put("vlans", "2", "sim0"), Delete("vlans", "3"), Put("addresses", "10.0.0.7", "sim2"));

        Assert.Equal(
            [ItemOutcome.Changed, ItemOutcome.Unchanged, ItemOutcome.Deleted, ItemOutcome.Created], outcome.Results.Select(r => r.Outcome));
        Assert.Equal(
            [outcome.Revision, kept.View.Revision!.Value, outcome.Revision, outcome.Revision], outcome.Results.Select(r => r.Revision!.Value));
        Assert.Equal(kept.View.Revision!.Value + 2, outcome.Revision);
        Assert.Equal([EntryState.Forwarding, EntryState.Forwarding, null, EntryState.Forwarding], outcome.Results.Select(r => r.State));
        Assert.Equal(["1 sim1", "2 sim0"], Described(core, "vlans"));
        Assert.Equal(["10.0.0.7 sim2"], Described(core, "addresses"));
    }

    [Fact]
    public async Task Atomic_ItemsRefused_ChangesNothingAndNamesThemAll()
    {
        await using var core = await CoreFixture.StartAsync();
        var known = (await core.PutAsync("vlans", "1", "sim0")).View.Revision;

        var error = await CoreFixture.FailsAsync(() => core.ApplyAsync(
            BatchMode.Atomic,
            Put("vlans", "2", "sim1"),
            Put("vlans", "3", "never0"),
            Put("vlans", "1", "sim1", revision: 99),
            Delete("vlans", "7"),
            Put("vlans", "4", "sim2", program: "never")));

        Assert.Equal(ErrorCode.RevisionMismatch, error.Code);
        Assert.Equal(
            ["items[1].put.spec.interface", "items[2].put", "items[3].delete", "items[4].put.spec.egressProgram"],
            error.Fields.Select(f => f.Field).Order(StringComparer.Ordinal));
        Assert.Equal(["1 sim0"], Described(core, "vlans"));
        Assert.Equal(known, core.Entries.Get("vlans", "1").Revision);
    }

    [Fact]
    public async Task Atomic_InvalidItems_AreNamedWithTheirFields()
    {
        await using var core = await CoreFixture.StartAsync();
        var error = await CoreFixture.FailsAsync(() => core.ApplyAsync(
            BatchMode.Atomic, Put("vlans", "abc", "a b"), new BatchItem(null, null), Delete("vlans", "1", revision: 0), new BatchItem(new("vlans", "5", null!, -1), null)));
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal(
            [
                "items[0].put.key", "items[0].put.spec.interface", "items[1]", "items[2].delete.expectedRevision", "items[3].put.expectedRevision",
                "items[3].put.spec.interface",
            ],
            error.Fields.Select(f => f.Field).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(BatchMode.Atomic, null)]
    [InlineData(BatchMode.Atomic, "a")]
    [InlineData(BatchMode.Independent, null)]
    [InlineData(BatchMode.Independent, "a")]
    public async Task MissingMembers_AreNamed(BatchMode mode, string? idempotencyKey)
    {
        await using var core = await CoreFixture.StartAsync();
        BatchItem[] items =
        [
            null!, new(new(null!, null!, null!, null), null), new(null, new(null!, "1", 4095)), new(null, new("vlans", null!, null)), new(new("vlans", "", new(null!), null), null),
        ];
        string[] fields =
        [
            "items[0]", "items[1].put.devmap", "items[1].put.key", "items[1].put.spec.interface", "items[2].delete.devmap", "items[3].delete.key", "items[4].put.key",
            "items[4].put.spec.interface",
        ];
        var call = core.Batches.ApplyAsync(new EntryBatch(mode, items), false, idempotencyKey, RequestContext.OfDaemon());

        if (mode == BatchMode.Atomic)
        {
            var error = await CoreFixture.FailsAsync(() => call);
            Assert.Equal(ErrorCode.InvalidArgument, error.Code);
            Assert.Equal(fields, error.Fields.Select(f => f.Field).Order(StringComparer.Ordinal));
        }
        else
        {
            var results = (await call).Results;
            Assert.All(results, r => Assert.Equal("invalid_argument", r.Error!.Code));
            Assert.Equal(fields[1..], results.SelectMany(r => r.Error!.Errors).Select(f => f.Field).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData(BatchMode.Atomic)]
    [InlineData(BatchMode.Independent)]
    public async Task EntryWrittenTwice_IsRefused(BatchMode mode)
    {
        await using var core = await CoreFixture.StartAsync();
        var number = core.Host.Interfaces.Find("sim1")!.Ifindex.ToString(CultureInfo.InvariantCulture);
        if (mode == BatchMode.Atomic)
        {
            var error = await CoreFixture.FailsAsync(() => core.ApplyAsync(mode, Put("ingress", "sim1", "sim0"), Put("ingress", number, "sim2")));
            Assert.Equal((ErrorCode.InvalidArgument, "items[1].put.key"), (error.Code, error.Fields.Single().Field));
        }
        else
        {
            var results = (await core.ApplyAsync(mode, Put("ingress", "sim1", "sim0"), Put("ingress", number, "sim2"))).Results;
            Assert.Equal((null, "items[1].put.key"), (results[0].Error, results[1].Error!.Errors.Single().Field));
        }

        var twice = core.ApplyAsync(mode, Put("vlans", "1", "sim0"), Put("vlans", "0x1", "sim1"), Delete("vlans", "1"));
        if (mode == BatchMode.Atomic)
            Assert.Equal(ErrorCode.InvalidArgument, (await CoreFixture.FailsAsync(() => twice)).Code);
        else
            Assert.Equal(["", "invalid_argument", "invalid_argument"], (await twice).Results.Select(r => r.Error?.Code ?? ""));
    }

    [Theory]
    [InlineData(BatchMode.Atomic, 1001)]
    [InlineData(BatchMode.Independent, 10_001)]
    [InlineData(BatchMode.Atomic, 0)]
    public async Task TooManyItems_OrNone_AreRefused(BatchMode mode, int items)
    {
        await using var core = await CoreFixture.StartAsync();
        var batch = Enumerable.Range(0, items).Select(i => Put("addresses", $"{i}", "sim0")).ToArray();
        var error = await CoreFixture.FailsAsync(() => core.ApplyAsync(mode, batch));
        Assert.Equal((ErrorCode.InvalidArgument, "items"), (error.Code, error.Fields.Single().Field));
    }

    [Fact]
    public async Task Atomic_AllEntriesOfADeviceGetAnotherProgram()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("one", "count");
        await core.PutProgramAsync("two", "count");
        await core.PutAsync("vlans", "1", "sim0", "one");
        await core.PutAsync("addresses", "10.0.0.1", "sim0", "one");

        var partly = await CoreFixture.FailsAsync(() => core.ApplyAsync(BatchMode.Atomic, Put("vlans", "1", "sim0", "two"), Put("vlans", "2", "sim0", "two")));
        Assert.Equal(ErrorCode.EgressProgramConflict, partly.Code);
        var mixed = await CoreFixture.FailsAsync(() => core.ApplyAsync(BatchMode.Atomic, Put("vlans", "5", "sim3", "two"), Put("vlans", "6", "sim3", "one")));
        Assert.Equal(ErrorCode.EgressProgramConflict, mixed.Code);
        await core.ApplyAsync(BatchMode.Atomic, Put("vlans", "1", "sim0", "two"), Put("vlans", "2", "sim0", "two"), Delete("addresses", "10.0.0.1"));

        Assert.Equal(["1 sim0 two", "2 sim0 two"], Described(core, "vlans"));
        Assert.Empty(Described(core, "addresses"));
        Assert.Empty(core.State.Current.Conflicts);
    }

    [Fact]
    public async Task Atomic_EntryThatStaysAsItIs_StillConflicts()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("one", "count");
        await core.PutAsync("vlans", "1", "sim0", "one");
        await core.PutAsync("vlans", "2", "sim0", "one");

        foreach (var items in new[] { new[] { Put("vlans", "1", "sim0"), Put("vlans", "2", "sim0", "one") }, [Put("vlans", "2", "sim0", "one"), Put("vlans", "1", "sim0")] })
            Assert.Equal(ErrorCode.EgressProgramConflict, (await CoreFixture.FailsAsync(() => core.ApplyAsync(BatchMode.Atomic, items))).Code);

        Assert.Equal(["1 sim0 one", "2 sim0 one"], Described(core, "vlans"));
    }

    [Fact]
    public async Task Atomic_DeletionsMakeRoom()
    {
        await using var core = await CoreFixture.StartAsync();
        foreach (var key in new[] { "1", "2", "3", "4" })
            await core.PutAsync("plain", key, "sim0");

        var full = await CoreFixture.FailsAsync(() => core.ApplyAsync(BatchMode.Atomic, Put("plain", "5", "sim0"), Put("plain", "6", "sim0"), Delete("plain", "1")));
        Assert.Equal(ErrorCode.DevmapFull, full.Code);
        await core.ApplyAsync(BatchMode.Atomic, Put("plain", "5", "sim0"), Put("plain", "6", "sim0"), Delete("plain", "1"), Delete("plain", "2"));

        Assert.Equal(["3 sim0", "4 sim0", "5 sim0", "6 sim0"], Described(core, "plain"));
    }

    [Fact]
    public async Task Atomic_DeletionGivesItsKernelKeyToAnother()
    {
        await using var core = await CoreFixture.StartAsync();
        var number = core.Host.Interfaces.Find("sim3")!.Ifindex + 100;
        await core.PutAsync("ingress", $"{number}", "sim0");
        core.Host.AddInterface("late0", ifindex: number);

        var conflict = await CoreFixture.FailsAsync(() => core.ApplyAsync(BatchMode.Atomic, Put("ingress", "late0", "sim1"), Put("ingress", "sim2", "sim1")));
        Assert.Equal(ErrorCode.KeyConflict, conflict.Code);
        await core.ApplyAsync(BatchMode.Atomic, Put("ingress", "late0", "sim1"), Delete("ingress", $"{number}"));

        Assert.Equal(["late0 sim1"], Described(core, "ingress"));
        Assert.Equal((number, EntryState.Forwarding), (core.Entries.Get("ingress", "late0").Status.KernelKey!.Value, core.Entries.Get("ingress", "late0").Status.State));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(1000)]
    public async Task Atomic_KernelRefusesOneItem_AllIsAsBefore(int refused)
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        for (var i = 0; i < 10; i++)
            await core.PutAsync("addresses", $"{i}", "sim0");
        var before = Elements(core);
        var desired = Described(core, "addresses");
        gate.RefusedUpdate = gate.Updates + refused;
        gate.Refusal = new KernelException("bpf", Errno.ENOMEM, "ENOMEM");

        var error = await CoreFixture.FailsAsync(() => core.ApplyAsync(BatchMode.Atomic, [.. Enumerable.Range(0, 1000).Select(i => Put("addresses", $"{i}", "sim1"))]));

        Assert.Equal(ErrorCode.KernelFailure, error.Code);
        Assert.Equal(before, Elements(core));
        Assert.Equal(desired, Described(core, "addresses"));
    }

    [Fact]
    public async Task Independent_EachItemHasItsOwnResult()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim0");
        var outcome = await core.ApplyAsync(
            BatchMode.Independent,
            Put("vlans", "1", "sim1"), Put("vlans", "2", "never0"), Delete("vlans", "7"), Put("never", "1", "sim0"), Put("vlans", "3", "sim2"));

        Assert.Equal(
            [ItemOutcome.Changed, ItemOutcome.Failed, ItemOutcome.Failed, ItemOutcome.Failed, ItemOutcome.Created], outcome.Results.Select(r => r.Outcome));
        Assert.Equal(["", "interface_not_found", "entry_not_found", "devmap_not_found", ""], outcome.Results.Select(r => r.Error?.Code ?? ""));
        Assert.Equal("items[1].put.spec.interface", outcome.Results[1].Error!.Errors.Single().Field);
        Assert.NotEqual(outcome.Results[0].Revision, outcome.Results[4].Revision);
        Assert.Equal(["1 sim1", "3 sim2"], Described(core, "vlans"));
    }

    [Fact]
    public async Task Independent_TenThousandItems_AreWritten()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [new("large", new DevmapSpec(16384, KeySelector: KeySelector.Ipv4Destination))]);
        var outcome = await core.ApplyAsync(BatchMode.Independent, [.. Enumerable.Range(0, 10_000).Select(i => Put("large", $"{i}", "sim1"))]);
        Assert.All(outcome.Results, r => Assert.Equal(ItemOutcome.Created, r.Outcome));
        Assert.Equal(10_000, core.State.Current.Devmap("large").Entries.Count);
    }

    [Fact]
    public async Task Watch_OffersARevisionOnlyAfterTheLastChangeOfACall()
    {
        await using var core = await CoreFixture.StartAsync();
        var start = core.State.Current.Revision;
        var outcome = await core.ApplyAsync(BatchMode.Atomic, Put("vlans", "1", "sim0"), Put("addresses", "7", "sim0"), Put("vlans", "2", "sim0"));

        var events = new List<WatchEvent>();
        using var end = new CancellationTokenSource();
        await foreach (var happened in core.Watches.Watch("vlans", start, new WatchQuery(), RequestContext.OfDaemon(end.Token)))
        {
            events.Add(happened);
            if (happened is WatchEvent.Synced)
                break;
        }

        Assert.Equal([null, outcome.Revision, outcome.Revision], events.Select(e => e.Revision));
        Assert.Equal(["1", "2"], events.OfType<WatchEvent.EntryPut>().Select(e => e.Entry.Key));
    }

    private static BatchItem Put(string devmap, string key, string target, string? program = null, long? revision = null) =>
        new(new BatchPut(devmap, key, new EntrySpec(target, program), revision), null);

    private static BatchItem Delete(string devmap, string key, long? revision = null) => new(null, new BatchDelete(devmap, key, revision));

    private static List<string> Described(CoreFixture core, string devmap) =>
        [.. core.List(devmap, new EntryQuery(PageSize: 10_000)).Entries.Select(e => $"{e.Key} {e.Spec!.Interface} {e.Spec.EgressProgram}".TrimEnd()).Order(StringComparer.Ordinal)];

    private static List<(uint Key, KernelEntry Element)> Elements(CoreFixture core)
    {
        var (map, found) = (core.State.Handles[core.State.Current.Devmap("addresses").Id], new List<(uint, KernelEntry)>());
        for (uint key = 0; key < 1000; key++)
        {
            if (map.TryLookup(key, out var element))
                found.Add((key, element));
        }

        return found;
    }
}
