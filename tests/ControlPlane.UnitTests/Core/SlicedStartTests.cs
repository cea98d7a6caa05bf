using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Simulation;
using ControlPlane.UnitTests.Core.Watching;

namespace ControlPlane.UnitTests.Core;

/// <summary>A start with many entries serves requests before the kernel has all of them, and says which it does not have.</summary>
public sealed class SlicedStartTests : ManyEntries
{
    private static readonly WriterOptions _options = new() { Slice = TimeSpan.Zero };

    [Fact]
    public async Task KernelHasSomeEntries_ReadersSeeWhichOnes()
    {
        await FillAsync();
        await using var core = Restart();
        await Gate.Reached;

        Assert.True(core.Writer.Opened.IsCompletedSuccessfully);
        Assert.False(core.Started.IsCompleted);
        var entries = Entries(core);
        Assert.Equal(Many, entries.Count);
        Assert.All(entries, e => Assert.Equal(
            e.Status.Ifindex is null ? (EntryState.Pending, "BeingWritten") : (EntryState.Forwarding, "AsDesired"),
            (e.Status.State, e.Status.Conditions[0].Reason)));
        var written = entries.Count(e => e.Status.State == EntryState.Forwarding);
        Assert.InRange(written, Step, Many - Step);
        var counts = core.StateCounter.Count("table")!;
        Assert.Equal((written, Many - written), (counts.Entries[EntryState.Forwarding], counts.Entries[EntryState.Pending]));
        // Frames arrive only once the kernel knows where they go.
        var attachment = core.Attachments.Get("table", "sim0", RequestContext.OfDaemon()).Status;
        Assert.Equal((AttachmentState.Pending, "BeingAttached"), (attachment.State, attachment.Conditions[0].Reason));
        Assert.Equal("BeingAttached", entries[0].Status.Conditions.Single(c => c.Type == ConditionTypes.IngressAttached).Reason);
        Assert.All(entries.SelectMany(e => e.Status.Conditions).Where(c => c.Reason is "BeingWritten"), c => Assert.NotNull(c.Remedy));

        Gate.Open();
        await core.Started;
        Assert.All(Entries(core), e => Assert.Equal(EntryState.Forwarding, e.Status.State));
        Assert.Equal(Many, core.StateCounter.Count("table")!.Entries[EntryState.Forwarding]);
        Assert.Equal(AttachmentState.Attached, core.Attachments.Get("table", "sim0", RequestContext.OfDaemon()).Status.State);
    }

    [Fact]
    public async Task WritesMeanwhile_AreInTheKernelWhenTheyAreAnswered()
    {
        await FillAsync();
        await using var core = Restart();
        await Gate.Reached;
        var host = core.Host;
        // The last entries are those that the job reaches last.
        var same = After(core.PutAsync("table", Key(Many - 1), "sim1"), () => Has("table", Number(Many - 1)));
        var moved = After(core.PutAsync("table", Key(Many - 2), "sim2"), () => Has("table", Number(Many - 2)));
        var deleted = After(core.Entries.DeleteAsync("table", Key(Many - 3), RequestContext.OfDaemon()), () => !Has("table", Number(Many - 3)));
        var added = After(core.PutAsync("vlans", "7", "sim2"), () => Has("vlans", 7));
        var swapped = core.Programs.SetOfInterfaceAsync("sim1", "seen", RequestContext.OfDaemon());
        var wasEarly = false;
        Gate.Updating = n => wasEarly |= n == Many - 100 && Has("vlans", 7);
        Gate.Open();

        Assert.All(await Task.WhenAll(same, moved, deleted, added), Assert.True);
        Assert.Equal(Many - 2, (await swapped).Changed);
        Assert.True(wasEarly);
        await core.Started;
        var program = core.Programs.Get("seen").Status.ProgramId;
        Assert.Equal(Many - 2, Entries(core).Count);
        Assert.All(Entries(core), e => Assert.Equal((EntryState.Forwarding, program), (e.Status.State, e.Status.EgressProgramId)));
        Assert.Equal("sim2", core.Entries.Get("table", Key(Many - 2)).Spec!.Interface);
        Assert.Equal(0, (await core.Audits.AuditAsync("table", repair: true, RequestContext.OfDaemon())).Found);

        bool Has(string devmap, uint key)
        {
            lock (host.Lock)
                return host.Devmaps[devmap].TryGet(key, out _);
        }
    }

    [Fact]
    public async Task Watcher_SeesOnePictureAndOneEventWhenTheKernelHasAll()
    {
        var revision = await FillAsync();
        await using var core = Restart();
        await Gate.Reached;
        await using var reader = core.Watch("table").GetAsyncEnumerator();
        var snapshot = await reader.UntilAsync(e => e is WatchEvent.Synced);
        Gate.Open();
        await core.Started;

        Assert.Equal(Many, snapshot.OfType<WatchEvent.EntryPut>().Count());
        Assert.Equal(revision, snapshot[^1].Revision);
        var ifindex = core.Host.Interfaces.Find("sim1")!.Ifindex;
        var events = await reader.UntilAsync(e => e is WatchEvent.StatusChanged { Interface: "sim1" });
        Assert.Equal(new WatchEvent.StatusChanged(revision, "sim1", ifindex, Many, false), events[^1]);
        Assert.All(events, e => Assert.IsType<WatchEvent.StatusChanged>(e));
    }

    [Fact]
    public async Task ManyElementsThatNobodyDesires_AreDeletedAndTheOthersStay()
    {
        await FillAsync();
        var state = Store.Load();
        Store.Commit(new StoreBatch(state.Revision + 1, [.. state.Entries.Skip(1).Select(e => new StoreChange.DeleteEntry(e.Devmap, e.Key))]));

        await using var core = await CoreFixture.StartAsync(Host, Gate.Wrap, _options, Store, devmaps: [Table, CoreFixture.Vlans]);

        Assert.Equal(EntryState.Forwarding, Assert.Single(core.List("table").Entries).Status.State);
        Assert.Equal(0, Gate.Updates);
    }

    [Fact]
    public async Task Stop_DuringTheStart_IsFinishedByTheNext()
    {
        await FillAsync();
        await using (var core = Restart())
        {
            await Gate.Reached;
            var stopped = core.Writer.StopAsync(TimeSpan.Zero);
            Gate.Open();
            await stopped;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => core.Started);
            await core.Writer.Completion;
        }

        await using var again = await CoreFixture.StartAsync(Host, options: _options, store: Store, devmaps: [Table, CoreFixture.Vlans]);
        Assert.All(Entries(again), e => Assert.Equal(EntryState.Forwarding, e.Status.State));
        Assert.Equal(Many, Entries(again).Count);
    }

    private static async Task<bool> After(Task write, Func<bool> holds)
    {
        await write;
        return holds();
    }

    private static uint Number(int number) => (10u << 24) + (uint)number;

    /// <summary>Fills store and kernel, and returns the revision.</summary>
    private async Task<long> FillAsync()
    {
        await using var core = await CoreFixture.StartAsync(Host, store: Store, devmaps: [Table, CoreFixture.Vlans]);
        await core.PutProgramAsync("seen", "count");
        await core.Attachments.PutAsync("table", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await Task.WhenAll(Enumerable.Range(0, Many).Select(n => core.PutAsync("table", Key(n), "sim1")));
        return core.State.Current.Revision;
    }

    /// <summary>Begins a start on a host that has booted again, and holds it among the first steps.</summary>
    private CoreFixture Restart()
    {
        Gate.Updating = HoldAt(Step + 10);
        return CoreFixture.Begin(SimulatedHost.WithInterfaces(), Gate.Wrap, _options, Store, devmaps: [Table, CoreFixture.Vlans]);
    }
}
