using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>A table is built beside the active one, and the change happens when the kernel goes over to it.</summary>
public sealed class HitlessTableTests : ManyEntries
{
    private static readonly ReplaceOptions _hitless = new(AllowDeletions: Many, Mode: ReplaceMode.Hitless);

    [Fact]
    public async Task Table_IsUnseenUntilTheSwitch_AndWholeAfterIt()
    {
        await using var core = await StartAsync();
        var (revision, map) = (core.State.Current.Revision, Host.Devmaps["table"].MapId);
        Gate.Updating = HoldAt(Gate.Updates + Step + 1);
        var replacing = ReplaceAsync(core, "sim1");
        await Gate.Reached;

        Assert.Equal(revision, core.State.Current.Revision);
        Assert.Equal(Many, core.List("table", new EntryQuery(Interface: "sim0", PageSize: 10_000)).Entries.Count);
        Assert.Equal((Many, map), (Host.Devmaps["table"].Count, Host.Devmaps["table"].MapId));
        Assert.Equal(revision, Store.Load().Revision);
        Gate.Open();

        var outcome = await replacing;
        Assert.Equal((500, 500, 500, 0), (outcome.Created, outcome.Changed, outcome.Deleted, outcome.Unchanged));
        Assert.Empty(outcome.NotForwarding);
        AssertTable(core, "sim1", outcome.Revision);
        Assert.NotEqual(map, Host.Devmaps["table"].MapId);
        Assert.Equal(Host.Devmaps["table"].MapId, core.Devmaps.Get("table").Status.KernelMapId);
        Assert.Null(Host.Devmaps["table"].Other);
        Assert.Equal(0, (await core.Audits.AuditAsync("table", repair: false, RequestContext.OfDaemon())).Found);
    }

    [Fact]
    public async Task UnchangedTable_BuildsNothing()
    {
        await using var core = await StartAsync();
        await ReplaceAsync(core, "sim1");
        var (revision, updates, map) = (core.State.Current.Revision, Gate.Updates, Host.Devmaps["table"].MapId);
        Assert.Equal(Many, (await ReplaceAsync(core, "sim1")).Unchanged);
        Assert.Equal((revision, updates, map), (core.State.Current.Revision, Gate.Updates, Host.Devmaps["table"].MapId));
    }

    [Fact]
    public async Task DryRun_BuildsNothing()
    {
        await using var core = await StartAsync();
        var updates = Gate.Updates;
        var outcome = await core.ReplaceAsync("table", Entries("sim1"), _hitless with { DryRun = true });
        Assert.Equal((500, updates), (outcome.Created, Gate.Updates));
    }

    [Fact]
    public async Task WritesMeanwhile_AreAnswered_AndTheTableReplacesThoseOfItsScope()
    {
        await using var core = await StartAsync();
        await core.ReplaceAsync("table", [new DesiredEntry(Key(2000), new EntrySpec("sim0") { Owner = "cni" }, null)], new ReplaceOptions(Owner: "cni"));
        Gate.Updating = HoldAt(Gate.Updates + Step + 1);
        var replacing = core.ReplaceAsync(
            "table", [new DesiredEntry(Key(2000), new EntrySpec("sim1"), null), new DesiredEntry(Key(2001), new EntrySpec("sim1"), null)], _hitless with { Owner = "cni" });
        await Gate.Reached;
        List<Task> writes =
        [
            core.PutAsync("table", Key(10), "sim2"), core.PutAsync("table", Key(3000), "sim3"), core.Entries.DeleteAsync("table", Key(700), default, default), core.PutAsync("vlans", "7", "sim2"),
        ];
        Gate.Updating = null;
        Gate.Open();

        await Task.WhenAll(writes);
        var outcome = await replacing;
        Assert.Equal((1, 1, 0), (outcome.Created, outcome.Changed, outcome.Deleted));
        Assert.Equal("sim2", core.Entries.Get("table", Key(10)).Spec!.Interface);
        AssertKernel(core);
        Assert.Equal(Many + 2, Host.Devmaps["table"].Count);
    }

    [Fact]
    public async Task KernelRefusesOneMidway_NothingHasHappened()
    {
        await using var core = await StartAsync();
        var (revision, map) = (Store.Load().Revision, Host.Devmaps["table"].MapId);
        Gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
        Gate.RefusedUpdate = Gate.Updates + Step + 5;

        var error = await CoreFixture.FailsAsync(() => ReplaceAsync(core, "sim1"));

        Assert.Equal((ErrorCode.KernelFailure, Errno.ENOMEM), (error.Code, error.Errno));
        Assert.Equal((revision, map), (Store.Load().Revision, Host.Devmaps["table"].MapId));
        Assert.Null(Host.Devmaps["table"].Other);
        Assert.Equal(Many, Host.Devmaps["table"].Count);
        Assert.Equal(500, (await ReplaceAsync(core, "sim1")).Created);
    }

    [Fact]
    public async Task DaemonDiesMidway_TheOldTableStaysAsAWhole()
    {
        var core = await StartAsync();
        Gate.Refusal = new InvalidDataException("a defect");
        Gate.RefusedUpdate = Gate.Updates + Step + 5;
        await Assert.ThrowsAsync<InvalidDataException>(() => ReplaceAsync(core, "sim1"));
        await Assert.ThrowsAsync<InvalidDataException>(() => core.Writer.Completion);
        Gate.Refusal = null;
        var updates = Gate.Updates;

        await using var again = await CoreFixture.StartAsync(Host, Gate.Wrap, store: Store, devmaps: [Table with { DeclaredIn = DeclaredIn.Api }, CoreFixture.Vlans]);

        Assert.Equal((Many, updates), (again.List("table", new EntryQuery(Interface: "sim0", PageSize: 10_000)).Entries.Count, Gate.Updates));
        Assert.Null(Host.Devmaps["table"].Other);
        AssertKernel(again);
    }

    [Fact]
    public async Task StoreRefusesTheCommit_NothingHasHappened()
    {
        var failing = new FailingStore();
        await using var core = await StartAsync(failing);
        var map = Host.Devmaps["table"].MapId;
        Gate.Updating = n => failing.Fails = true;
        var error = await CoreFixture.FailsAsync(() => ReplaceAsync(core, "sim1"));
        Gate.Updating = null;
        failing.Fails = false;
        Assert.Equal(ErrorCode.StoreUnavailable, error.Code);
        Assert.Equal(map, Host.Devmaps["table"].MapId);
        Assert.Equal(Many, core.List("table", new EntryQuery(Interface: "sim0", PageSize: 10_000)).Entries.Count);
        AssertKernel(core);
        Assert.Equal(500, (await ReplaceAsync(core, "sim1")).Created);
    }

    [Fact]
    public async Task InterfacesComeAndGoMidway_BothTablesEndRight()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + Step + 1);
        var replacing = ReplaceAsync(core, "sim1", pending: true);
        await Gate.Reached;
        Host.RemoveInterface("sim1");
        Host.RemoveInterface("sim0");
        Host.AddInterface("sim1");
        Host.AddInterface("sim0");
        Gate.Updating = null;
        Gate.Open();

        var outcome = await replacing;
        await Eventually.Async(() => core.List("table", new EntryQuery(PageSize: 10_000)).Entries.All(e => e.Status.State == EntryState.Forwarding));
        AssertTable(core, "sim1", outcome.Revision);
        AssertKernel(core);
    }

    [Fact]
    public async Task SecondTableOfTheDevmap_WaitsForTheFirst()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + 1);
        var first = ReplaceAsync(core, "sim1");
        await Gate.Reached;
        var (second, third) = (ReplaceAsync(core, "sim2"), core.ReplaceAsync("table", Entries("sim3"), new ReplaceOptions(AllowDeletions: Many)));
        Gate.Open();
        Assert.Equal(500, (await first).Created);
        Assert.Equal(Many, (await second).Changed);
        Assert.Equal(Many, (await third).Changed);
        AssertTable(core, "sim3", (await third).Revision);
    }

    [Fact]
    public async Task Stop_DuringABuild_SaysThatNothingHasHappened()
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
        Assert.DoesNotContain("stored", error.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000u)]
    [InlineData(100_000u)]
    public async Task Resize_KeepsEverything(uint maxEntries)
    {
        var core = await StartAsync();
        await core.PutAsync("vlans", "7", "sim1");
        var before = core.List("table", new EntryQuery(PageSize: 10_000)).Entries.Select(e => e.Key).Order(StringComparer.Ordinal).ToList();
        var record = await ResizeAsync(core, maxEntries);
        Assert.Equal(maxEntries, record.Spec.MaxEntries);
        Assert.Equal((maxEntries, maxEntries), (core.Devmaps.Get("table").Spec.MaxEntries, Host.Devmaps["table"].Definition.Spec.MaxEntries));
        Assert.Equal(before, core.List("table", new EntryQuery(PageSize: 10_000)).Entries.Select(e => e.Key).Order(StringComparer.Ordinal));
        AssertKernel(core);
        Assert.Equal(record, await ResizeAsync(core, maxEntries));
        await core.DisposeAsync();

        await using var again = await CoreFixture.StartAsync(Host, store: Store, devmaps: [CoreFixture.Vlans]);
        AssertKernel(again);
        Assert.Equal(record.UpdateTime, again.Devmaps.Get("table").UpdateTime);
    }

    [Fact]
    public async Task Resize_BelowTheEntries_IsRefused()
    {
        await using var core = await StartAsync();
        Assert.Equal(ErrorCode.DevmapFull, (await CoreFixture.FailsAsync(() => ResizeAsync(core, Many - 1))).Code);
        Assert.Equal(Table.Spec.MaxEntries, core.Devmaps.Get("table").Spec.MaxEntries);
    }

    [Fact]
    public async Task PageTokenFromBeforeAResize_IsCompacted()
    {
        await using var core = await StartAsync();
        var token = core.List("table", new EntryQuery(PageSize: 10)).NextPageToken;
        await ResizeAsync(core, 100_000);
        Assert.Equal(ErrorCode.RevisionCompacted, Assert.Throws<ControlPlaneException>(() => core.List("table", new EntryQuery(PageSize: 10, PageToken: token))).Error.Code);
        var fresh = core.List("table", new EntryQuery(PageSize: 10)).NextPageToken;
        Assert.Equal(10, core.List("table", new EntryQuery(PageSize: 10, PageToken: fresh)).Entries.Count);
    }

    private static async Task<DevmapRecord> ResizeAsync(CoreFixture core, uint maxEntries)
    {
        await core.Devmaps.PutAsync("table", core.State.Current.Devmap("table").Definition.Spec with { MaxEntries = maxEntries }, RequestContext.OfDaemon());
        return core.State.Current.Devmap("table").Definition;
    }

    private async Task<CoreFixture> StartAsync(FailingStore? failing = null)
    {
        var core = await CoreFixture.StartAsync(
            Host, Gate.Wrap, new WriterOptions { Slice = TimeSpan.Zero }, failing is null ? Store : failing, devmaps: [Table with { DeclaredIn = DeclaredIn.Api }, CoreFixture.Vlans]);
        await core.ReplaceAsync("table", [.. Enumerable.Range(0, Many).Select(i => new DesiredEntry(Key(i), new EntrySpec("sim0"), null))]);
        return core;
    }

    private static Task<ReplaceOutcome> ReplaceAsync(CoreFixture core, string target, bool pending = false) =>
        core.ReplaceAsync("table", Entries(target), _hitless with { AllowPending = pending });

    private static DesiredEntry[] Entries(string target) => [.. Enumerable.Range(500, Many).Select(i => new DesiredEntry(Key(i), new EntrySpec(target), null))];

    private void AssertTable(CoreFixture core, string target, long revision)
    {
        var entries = core.List("table", new EntryQuery(PageSize: 10_000)).Entries;
        Assert.Equal(Many, entries.Count);
        Assert.All(entries, e => Assert.Equal((target, EntryState.Forwarding), (e.Spec!.Interface, e.Status.State)));
        Assert.All(entries, e => Assert.Equal(revision, e.Revision));
        Assert.Equal(Many, Store.Load().Entries.Count(e => e.Devmap == "table" && e.Spec.Interface == target));
        AssertKernel(core);
    }

    // The kernel has exactly the desired elements.
    private void AssertKernel(CoreFixture core)
    {
        var entries = core.State.Current.Devmap("table").Entries.All().ToList();
        Assert.All(entries, e => Assert.Equal(
            Host.Interfaces.Find(e.Record.Spec.Interface)?.Ifindex, Host.Devmaps["table"].TryGet(e.KernelKey!.Value, out var element) ? element.Ifindex : null));
        Assert.Equal(entries.Count, Host.Devmaps["table"].Count);
    }
}
