using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.TestCommon.Lab;
using ControlPlane.UnitTests.Core.Watching;

namespace ControlPlane.UnitTests.Core;

/// <summary>Work on many entries is done in slices: other writes go on between them, and readers see the change as a whole.</summary>
public sealed class SlicedWorkTests : ManyEntries
{
    [Fact]
    public async Task Swap_OtherWritesGoOnBetweenItsSlices()
    {
        await using var core = await StartAsync();
        var wasWritten = WriteMeanwhileAsync(core);

        var swap = await SetAsync(core, "seen");

        Assert.True(await wasWritten);
        Assert.Equal(Many, swap.Changed);
        AssertAllCarry(core, "seen", swap.Revision);
    }

    [Fact]
    public async Task Swap_UnderWay_ReadersSeeItWhole()
    {
        await using var core = await StartAsync();
        var programId = core.Programs.Get("seen").Status.ProgramId;
        Gate.Updating = HoldAt(Gate.Updates + Step + 10);

        var swapping = SetAsync(core, "seen");
        await Gate.Reached;

        var entries = Entries(core);
        Assert.Equal((Many, "seen"), (entries.Count, Assert.Single(entries.Select(e => e.Spec!.EgressProgram).Distinct())));
        var revision = Assert.Single(entries.Select(e => e.Revision!.Value).Distinct());
        Assert.Equal(revision, core.Interfaces.Get("sim1", RequestContext.OfDaemon()).Revision);
        Assert.Equal(Many, core.Programs.Get("seen").Status.Entries);
        // The kernel has some, and the status of the others says that it does not have them yet.
        Assert.All(entries, e => Assert.Equal(
            e.Status.EgressProgramId == programId ? (EntryState.Forwarding, "AsDesired") : (EntryState.Undeliverable, "BeingWritten"),
            (e.Status.State, e.Status.Conditions[0].Reason)));
        Assert.InRange(entries.Count(e => e.Status.State == EntryState.Forwarding), Step, Many - Step);
        Assert.False(swapping.IsCompleted);

        Gate.Open();
        Assert.Equal(revision, (await swapping).Revision);
        AssertAllCarry(core, "seen", revision);
    }

    [Fact]
    public async Task Writes_DuringASwap_FollowItsRule()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + 1);
        var swapping = SetAsync(core, "seen");
        await Gate.Reached;

        var (old, good) = (core.PutAsync("table", "10.1.0.1", "sim1"), core.PutAsync("table", "10.1.0.2", "sim1", "seen"));
        var (moved, deleted) = (core.PutAsync("table", Key(Many - 1), "sim2"), core.Entries.DeleteAsync("table", Key(Many - 2), default, default));
        var removed = core.Programs.DeleteAsync("seen", default, default);
        var audited = core.Audits.AuditAsync("table", repair: true, RequestContext.OfDaemon());
        Gate.Open();

        Assert.Equal(ErrorCode.EgressProgramConflict, (await CoreFixture.FailsAsync(() => old)).Code);
        Assert.Equal(ErrorCode.ProgramInUse, (await CoreFixture.FailsAsync(() => removed)).Code);
        Assert.True((await good).Created);
        await Task.WhenAll(moved, deleted);
        Assert.Equal(0, (await audited).Found);
        var swap = await swapping;
        Assert.Equal((await moved).View.DesiredPart(), core.Entries.Get("table", Key(Many - 1)).DesiredPart());
        Assert.Equal(Many - 1, Entries(core).Count);
        Assert.Equal(Many - 2, Entries(core).Count(e => e.Revision == swap.Revision));
        Assert.All(Entries(core), e => Assert.Equal(("seen", EntryState.Forwarding), (e.Spec!.EgressProgram, e.Status.State)));
    }

    [Fact]
    public async Task Swap_KernelRefusesOneMidway_AllHaveTheProgramBefore()
    {
        await using var core = await StartAsync();
        await using var reader = core.Watch("table").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);
        var first = Gate.Updates;
        Gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
        Gate.RefusedUpdate = first + (2 * Step) + 5;
        var meanwhile = Task.FromResult<PutOutcome<Entry>?>(null!);
        Gate.Updating = n => meanwhile = n == first + 1 ? PutAsync() : meanwhile;

        var error = await CoreFixture.FailsAsync(() => SetAsync(core, "seen"));

        Assert.Equal((ErrorCode.KernelFailure, Errno.ENOMEM), (error.Code, error.Errno));
        // Also the entry that was written with the new program meanwhile: a device has one program.
        Assert.True((await meanwhile)!.Created);
        Assert.Equal(Many + 1, Entries(core).Count);
        var revision = core.Interfaces.Get("sim1", RequestContext.OfDaemon()).Revision;
        AssertAllCarry(core, null, revision);
        Assert.Equal(
            Many + 1, Store.Load().Entries.Count(e => e is { Devmap: "table", Revision: var stored, Spec.EgressProgram: null } && stored == revision));

        var events = await reader.UntilAsync(e => e is WatchEvent.StatusChanged);
        Assert.Equal(["EgressProgramSet", "EntryPut", "EgressProgramSet", "StatusChanged"], events.Select(e => e.GetType().Name));
        Assert.Equal(("sim1", null, Many + 1), events[2] is WatchEvent.EgressProgramSet back ? (back.Interface, back.EgressProgram, back.Entries) : default);
        Assert.Equal(revision, events[2].Revision);
        Assert.Equal(Many + 1, (await SetAsync(core, "seen")).Changed);

        async Task<PutOutcome<Entry>?> PutAsync() => await core.PutAsync("table", "10.1.0.1", "sim1", "seen");
    }

    [Fact]
    public async Task Swap_DaemonDiesMidway_StartFinishesIt()
    {
        var core = await StartAsync();
        Gate.Refusal = new InvalidDataException("a defect");
        Gate.RefusedUpdate = Gate.Updates + (2 * Step) + 5;
        await Assert.ThrowsAsync<InvalidDataException>(() => SetAsync(core, "seen"));
        await Assert.ThrowsAsync<InvalidDataException>(() => core.Writer.Completion);
        Gate.Refusal = null;

        await using var again = await CoreFixture.StartAsync(Host, Gate.Wrap, store: Store, devmaps: [Table, CoreFixture.Vlans]);

        AssertAllCarry(again, "seen", again.Interfaces.Get("sim1", RequestContext.OfDaemon()).Revision);
        Assert.Equal(0, (await SetAsync(again, "seen")).Changed);
    }

    [Fact]
    public async Task SecondSwapOfTheInterface_WaitsForTheFirst()
    {
        await using var core = await StartAsync();
        await core.PutProgramAsync("other", "count");
        var revision = core.Interfaces.Get("sim1", RequestContext.OfDaemon()).Revision;
        Gate.Updating = HoldAt(Gate.Updates + 1);
        var first = SetAsync(core, "seen");
        await Gate.Reached;
        var second = SetAsync(core, "other");
        var stale = core.Programs.SetOfInterfaceAsync("sim1", null, RequestContext.OfDaemon() with { Precondition = new Precondition(revision) });
        Gate.Open();

        Assert.Equal((Many, "seen"), ((await first).Changed, (await first).EgressProgram));
        Assert.Equal(Many, (await second).Changed);
        Assert.Equal(ErrorCode.RevisionMismatch, (await CoreFixture.FailsAsync(() => stale)).Code);
        AssertAllCarry(core, "other", (await second).Revision);
    }

    [Fact]
    public async Task SwapsThatWaitForAnother_AreBoundedForEachCaller()
    {
        await using var core = await StartAsync(queuePerCaller: 2);
        var (start, hog) = (Gate.Updates, RequestContext.OfDaemon() with { Caller = new Caller("unix") { Token = "hog" } });
        Gate.Updating = n =>
        {
            if (n == start + 1 || n == start + Step + 1)
                Gate.Close();
        };
        var first = SetAsync(core, "seen");
        await Gate.Reached;
        List<Task<EgressProgramSwap>> taken = [AsHogAsync(), AsHogAsync()];
        Gate.Open();
        await Eventually.Async(() => core.Writer.QueueLength == 0);
        List<Task<EgressProgramSwap>> refused = [AsHogAsync(), AsHogAsync()];
        Gate.Open();

        foreach (var swap in refused)
            Assert.Equal(ErrorCode.WriterBusy, (await CoreFixture.FailsAsync(() => swap)).Code);
        Assert.Equal([Many, Many, 0], (await Task.WhenAll(first, taken[0], taken[1])).Select(s => s.Changed));

        Task<EgressProgramSwap> AsHogAsync() => core.Programs.SetOfInterfaceAsync("sim1", null, hog);
    }

    [Fact]
    public async Task Swap_TargetGoesMidway_EntriesCarryItWhenTheTargetReturns()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + Step + 1);
        var swapping = SetAsync(core, "seen");
        await Gate.Reached;
        Host.RemoveInterface("sim1");
        Gate.Open();

        var swap = await swapping;
        await Eventually.Async(() => Entries(core).TrueForAll(e => e.Status.State == EntryState.Pending));
        Assert.All(Entries(core), e => Assert.Equal(("seen", swap.Revision), (e.Spec!.EgressProgram, e.Revision)));
        Host.AddInterface("sim1");
        await Eventually.Async(() => Entries(core).TrueForAll(e => e.Status.State == EntryState.Forwarding));
        AssertAllCarry(core, "seen", swap.Revision);
    }

    [Fact]
    public async Task Watcher_OfAManyEntriesSwap_GetsOneEventAndIsNotCutOff()
    {
        await using var core = await StartAsync(new WatchOptions { LogCapacity = 16 });
        await using var reader = core.Watch("table").GetAsyncEnumerator();
        var start = (await reader.UntilAsync(e => e is WatchEvent.Synced))[^1].Revision!.Value;

        var swap = await SetAsync(core, "seen");

        var set = Assert.IsType<WatchEvent.EgressProgramSet>(await reader.NextAsync());
        Assert.Equal((swap.Revision, "sim1", "seen", Many), (set.Revision, set.Interface, set.EgressProgram, set.Entries));
        Assert.Equal(core.Entries.Get("table", Key(1)).UpdateTime, set.UpdateTime);
        Assert.Equal(new WatchEvent.StatusChanged(swap.Revision, "sim1", Host.Interfaces.Find("sim1")!.Ifindex, Many, false), await reader.NextAsync());
        await using var resumed = core.Watch("table", start).GetAsyncEnumerator();
        Assert.Equal(set, await resumed.NextAsync());
    }

    [Fact]
    public async Task Flap_OfAnInterfaceWithManyEntries_OtherWritesGoOnBetweenSlices()
    {
        await using var core = await StartAsync();
        Host.RemoveInterface("sim1");
        await Eventually.Async(() => Entries(core).TrueForAll(e => e.Status.State == EntryState.Pending));
        var wasWritten = WriteMeanwhileAsync(core);

        Host.AddInterface("sim1");

        await Eventually.Async(() => Entries(core).TrueForAll(e => e.Status.State == EntryState.Forwarding));
        Assert.True(await wasWritten);
    }

    [Fact]
    public async Task Stop_DuringASwap_FinishesItOrSaysThatTheStartWill()
    {
        await using var core = await StartAsync();
        Gate.Updating = HoldAt(Gate.Updates + 1);
        var swapping = SetAsync(core, "seen");
        await Gate.Reached;
        var stop = core.Writer.StopAsync(TimeSpan.Zero);
        Gate.Open();

        await stop;
        var error = await CoreFixture.FailsAsync(() => swapping);

        Assert.Equal(ErrorCode.ShuttingDown, error.Code);
        Assert.Contains("the next start writes the rest", error.Detail, StringComparison.Ordinal);
    }

    // The tests decide when a slice ends: after each step.
    private async Task<CoreFixture> StartAsync(WatchOptions? watching = null, int queuePerCaller = Many)
    {
        var core = await CoreFixture.StartAsync(
            Host, Gate.Wrap, new WriterOptions { Slice = TimeSpan.Zero, QueuePerCaller = queuePerCaller }, Store, watching, devmaps: [Table, CoreFixture.Vlans]);
        await core.PutProgramAsync("seen", "count");
        foreach (var some in Enumerable.Range(0, Many).Chunk(queuePerCaller))
            await Task.WhenAll(some.Select(n => core.PutAsync("table", Key(n), "sim1")));
        return core;
    }

    /// <summary>Writes an entry with the first update of long work. Returns whether the kernel has it before the last update.</summary>
    private async Task<bool> WriteMeanwhileAsync(CoreFixture core)
    {
        var (first, other) = (Gate.Updates, Task.CompletedTask);
        var wasWritten = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Gate.Updating = n =>
        {
            if (n == first + 1)
                other = core.PutAsync("vlans", "7", "sim2");
            if (n == first + Many)
                wasWritten.TrySetResult(Host.Devmaps["vlans"].TryGet(7, out _));
        };
        await wasWritten.Task;
        await other;
        return await wasWritten.Task;
    }

    private static Task<EgressProgramSwap> SetAsync(CoreFixture core, string? program) =>
        core.Programs.SetOfInterfaceAsync("sim1", program, RequestContext.OfDaemon());

    private void AssertAllCarry(CoreFixture core, string? program, long revision)
    {
        uint? programId = program is null ? null : core.Programs.Get(program).Status.ProgramId;
        Assert.All(Entries(core), e => Assert.Equal(
            (program, revision, EntryState.Forwarding, programId), (e.Spec!.EgressProgram, e.Revision, e.Status.State, e.Status.EgressProgramId)));
        Assert.All(Store.Load().Entries.Where(e => e.Devmap == "table"), e => Assert.Equal((program, revision), (e.Spec.EgressProgram, e.Revision)));
    }
}
