using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.TestCommon.Lab;
using ControlPlane.UnitTests.Core.Watching;

namespace ControlPlane.UnitTests.Core;

/// <summary>A table with many changes is one change of the desired state, which the kernel follows in slices.</summary>
public sealed class SlicedTableTests : ManyEntries
{
    // Old and new keys share half of the keys.
    private const int Changes = 1500;

    [Fact]
    public async Task Table_OtherWritesGoOnBetweenItsSlices_AndReadersSeeItWhole()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + Step + 1);
        var replacing = ReplaceAsync(core, "sim1");
        await Gate.Reached;

        var entries = Entries(core);
        Assert.Equal(Many, entries.Count);
        var revision = Assert.Single(entries.Select(e => e.Revision!.Value).Distinct());
        Assert.All(entries.Where(e => e.Status.State != EntryState.Forwarding), e => Assert.Equal("BeingWritten", e.Status.Conditions[0].Reason));
        Assert.InRange(entries.Count(e => e.Status.State == EntryState.Forwarding), 1, Many - Step);
        // The elements of the entries that go are in the kernel still, and nobody finds them.
        Assert.True(Host.Devmaps["table"].TryGet(KernelKey(0), out _));
        Assert.DoesNotContain(core.List("table", new EntryQuery(PageSize: 10_000)).Entries, e => e.Status.State == EntryState.Unmanaged);
        Assert.Equal(ErrorCode.EntryNotFound, Assert.Throws<ControlPlaneException>(() => core.Entries.Get("table", Key(0))).Error.Code);
        var (other, audited) = (core.PutAsync("vlans", "7", "sim2"), core.Audits.AuditAsync("table", repair: true, RequestContext.OfDaemon()));
        Assert.False(replacing.IsCompleted);
        Gate.Open();

        await other;
        Assert.Equal(0, (await audited).Found);
        var outcome = await replacing;
        Assert.Equal((500, 500, 500, 0, revision), (outcome.Created, outcome.Changed, outcome.Deleted, outcome.Unchanged, outcome.Revision));
        Assert.Empty(outcome.NotForwarding);
        AssertTable(core, "sim1", revision);
    }

    [Fact]
    public async Task Writes_OfItsEntriesMeanwhile_Stand()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + 1);
        var replacing = ReplaceAsync(core, "sim1");
        await Gate.Reached;
        var (put, deleted, again) = (core.PutAsync("table", Key(1400), "sim2"), core.Entries.DeleteAsync("table", Key(1401), default, default), core.PutAsync("table", Key(3), "sim3"));
        Gate.Open();

        Assert.False((await put).Created);
        await deleted;
        Assert.True((await again).Created);
        await replacing;
        Assert.Equal(("sim2", EntryState.Forwarding), At(core, Key(1400)));
        Assert.Equal(("sim3", EntryState.Forwarding), At(core, Key(3)));
        Assert.False(Host.Devmaps["table"].TryGet(KernelKey(1401), out _));
        Assert.Equal(Many, Host.Devmaps["table"].Count);
    }

    [Fact]
    public async Task KernelRefusesOneMidway_AllIsAsBefore()
    {
        await using var core = await StartAsync();
        var before = Desired(core);
        var revision = core.History.Final;
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        Gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
        Gate.RefusedUpdate = Gate.Updates + Step + 5;

        var error = await CoreFixture.FailsAsync(() => ReplaceAsync(core, "sim1"));

        Assert.Equal((ErrorCode.KernelFailure, Errno.ENOMEM), (error.Code, error.Errno));
        Assert.Equal(before, Desired(core));
        Assert.Equal(Many, Host.Devmaps["table"].Count);
        Assert.All(core.List("table", new EntryQuery(PageSize: 10_000)).Entries, e => Assert.Equal(EntryState.Forwarding, e.Status.State));
        Assert.Equal(Many, Store.Load().Entries.Count(e => e.Devmap == "table" && e.Spec.Interface == "sim0"));
        AssertHistory(Store.History.Read(revision, long.MaxValue, int.MaxValue)!);
        Assert.Equal(500, (await ReplaceAsync(core, "sim1")).Created);
        AssertTable(core, "sim1", core.State.Current.Revision);
    }

    // Readers have seen the table: the history has it, and the change that took it back.
    private static void AssertHistory(IReadOnlyList<ChangeCommit> commits)
    {
        Assert.Equal([Changes, Changes], commits.Select(c => c.Changes.Count));
        Assert.All(commits.SelectMany(c => c.Changes), c => Assert.Null(c.Refusal));
        Assert.All(commits[0].Changes, c => Assert.Null(c.Origin.TakesBack));
        Assert.All(commits[1].Changes, c => Assert.Contains("ENOMEM", c.Origin.TakesBack, StringComparison.Ordinal));
        Assert.Equal(
            commits[0].Changes.Select(c => (c.Resource, ((EntryRecord?)c.Before)?.Spec)).ToHashSet(), commits[1].Changes.Select(c => (c.Resource, ((EntryRecord?)c.After)?.Spec)).ToHashSet());
    }

    [Fact]
    public async Task RefusedTable_LeavesWhatWasWrittenMeanwhile()
    {
        await using var core = await StartAsync();
        var first = Gate.Updates;
        Gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
        Gate.RefusedUpdate = first + (2 * Step) + 5;
        List<Task> meanwhile = [];
        Gate.Updating = n => meanwhile.AddRange(n == first + 1 ? [core.PutAsync("table", Key(1450), "sim2"), core.PutAsync("table", Key(4), "sim3"), core.Entries.DeleteAsync("table", Key(700), default, default)] : []);

        await CoreFixture.FailsAsync(() => ReplaceAsync(core, "sim1"));

        await Task.WhenAll(meanwhile);
        Assert.Equal(("sim2", EntryState.Forwarding), At(core, Key(1450)));
        Assert.Equal(("sim3", EntryState.Forwarding), At(core, Key(4)));
        Assert.Equal(Many, core.State.Current.Devmap("table").Entries.Count);
        Assert.Equal(Many, Host.Devmaps["table"].Count);
        Assert.Equal(Many - 2, core.List("table", new EntryQuery(Interface: "sim0", PageSize: 10_000)).Entries.Count);
    }

    [Fact]
    public async Task DaemonDiesMidway_StartFinishesIt()
    {
        var core = await StartAsync();
        Gate.Refusal = new InvalidDataException("a defect");
        Gate.RefusedUpdate = Gate.Updates + Step + 5;
        await Assert.ThrowsAsync<InvalidDataException>(() => ReplaceAsync(core, "sim1"));
        await Assert.ThrowsAsync<InvalidDataException>(() => core.Writer.Completion);
        Gate.Refusal = null;

        await using var again = await CoreFixture.StartAsync(Host, Gate.Wrap, store: Store, devmaps: [Table, CoreFixture.Vlans]);

        AssertTable(again, "sim1", again.State.Current.Revision);
        Assert.Equal(Many, (await ReplaceAsync(again, "sim1")).Unchanged);
    }

    [Fact]
    public async Task SecondTableOfTheDevmap_WaitsForTheFirst()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + 1);
        var first = ReplaceAsync(core, "sim1");
        await Gate.Reached;
        var second = ReplaceAsync(core, "sim2");
        var dry = core.ReplaceAsync("table", Entries("sim1"), new ReplaceOptions(DryRun: true));
        Gate.Open();

        Assert.Equal(500, (await first).Created);
        Assert.Equal((0, Many), ((await second).Created, (await second).Changed));
        Assert.NotNull(await dry);
        AssertTable(core, "sim2", (await second).Revision);
    }

    [Fact]
    public async Task TargetGoesMidway_EntriesComeWithIt()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + Step + 1);
        var replacing = ReplaceAsync(core, "sim1");
        await Gate.Reached;
        Host.RemoveInterface("sim1");
        Gate.Open();

        var outcome = await replacing;
        await Eventually.Async(() => Entries(core).TrueForAll(e => e.Status.State == EntryState.Pending));
        Host.AddInterface("sim1");
        await Eventually.Async(() => Entries(core).TrueForAll(e => e.Status.State == EntryState.Forwarding));
        AssertTable(core, "sim1", outcome.Revision);
    }

    [Fact]
    public async Task FullDevmap_IsReplacedWhole()
    {
        await using var core = await CoreFixture.StartAsync(
            Host, Gate.Wrap, new WriterOptions { Slice = TimeSpan.Zero }, Store, devmaps: [Table with { Spec = Table.Spec with { MaxEntries = Changes } }, CoreFixture.Vlans]);
        await core.ReplaceAsync("table", [.. Enumerable.Range(0, Changes).Select(i => new DesiredEntry(Key(i), new EntrySpec("sim0"), null))]);
        var outcome = await core.ReplaceAsync(
            "table", [.. Enumerable.Range(1000, Changes).Select(i => new DesiredEntry(Key(i), new EntrySpec("sim0"), null))], new ReplaceOptions(AllowDeletions: Changes));
        Assert.Equal((1000, 0, 1000, 500), (outcome.Created, outcome.Changed, outcome.Deleted, outcome.Unchanged));
        Assert.Equal(Changes, Host.Devmaps["table"].Count);
        Assert.All(core.List("table", new EntryQuery(PageSize: 10_000)).Entries, e => Assert.Equal(EntryState.Forwarding, e.Status.State));
    }

    [Fact]
    public async Task Stop_DuringATable_SaysThatTheStartFinishesIt()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + 1);
        var replacing = ReplaceAsync(core, "sim1");
        await Gate.Reached;
        var stop = core.Writer.StopAsync(TimeSpan.Zero);
        Gate.Open();

        await stop;
        var error = await CoreFixture.FailsAsync(() => replacing);

        Assert.Equal(ErrorCode.ShuttingDown, error.Code);
        Assert.Contains("the next start writes the rest", error.Detail, StringComparison.Ordinal);
    }

    // Entries 0 to 999 send to sim0. The tests decide when a slice ends: after each step.
    private async Task<CoreFixture> StartAsync()
    {
        var core = await CoreFixture.StartAsync(
            Host, Gate.Wrap, new WriterOptions { Slice = TimeSpan.Zero }, Store, devmaps: [Table, CoreFixture.Vlans]);
        await core.ReplaceAsync("table", [.. Enumerable.Range(0, Many).Select(i => new DesiredEntry(Key(i), new EntrySpec("sim0"), null))]);
        return core;
    }

    // Entries 500 to 1499 send to the target: half are new, half change, and half of the old ones go.
    private static Task<ReplaceOutcome> ReplaceAsync(CoreFixture core, string target) =>
        core.ReplaceAsync("table", Entries(target), new ReplaceOptions(AllowDeletions: Many));

    private static DesiredEntry[] Entries(string target) => [.. Enumerable.Range(500, Many).Select(i => new DesiredEntry(Key(i), new EntrySpec(target), null))];

    private void AssertTable(CoreFixture core, string target, long revision)
    {
        var entries = core.List("table", new EntryQuery(PageSize: 10_000)).Entries;
        Assert.Equal(Many, entries.Count);
        Assert.All(entries, e => Assert.Equal((target, revision, EntryState.Forwarding), (e.Spec!.Interface, e.Revision, e.Status.State)));
        Assert.Equal(Many, Host.Devmaps["table"].Count);
        Assert.Equal(Many, Store.Load().Entries.Count(e => e.Devmap == "table" && e.Revision == revision && e.Spec.Interface == target));
    }

    private static (string? Interface, EntryState State) At(CoreFixture core, string key) =>
        core.Entries.Get("table", key) is var entry ? (entry.Spec!.Interface, entry.Status.State) : default;

    private static List<string> Desired(CoreFixture core) =>
        [.. core.List("table", new EntryQuery(PageSize: 10_000)).Entries.Select(e => $"{e.Key} {e.Spec!.Interface}").Order(StringComparer.Ordinal)];

    private static uint KernelKey(int number) => (10u << 24) + (uint)number;
}
