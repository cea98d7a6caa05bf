using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Watching;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core.Watching;

/// <summary>The events of a stream, its end, and its refusals. A new store is at revision 1, because it has adopted the devmaps.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task Stream_HasSnapshotThenSyncedThenChanges()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim1");
        await core.PutAsync("addresses", "10.0.0.1", "sim1");
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        var snapshot = await reader.UntilAsync(e => e is WatchEvent.Synced);
        Assert.Equal(["AttachmentPut", "EntryPut", "Synced"], snapshot.Select(e => e.GetType().Name));
        Assert.Equal([null, null, 4], snapshot.Select(e => e.Revision));
        Assert.Equal(EntryState.Forwarding, ((WatchEvent.EntryPut)snapshot[1]).Entry.Status.State);

        await core.PutAsync("vlans", "1", "sim2");
        await core.PutAsync("vlans", "1", "sim2");
        await core.PutAsync("addresses", "10.0.0.1", "sim2");
        await core.PutProgramAsync("counting", "count");
        await core.Entries.DeleteAsync("vlans", "1", default, default);
        await core.Attachments.DeleteAsync("vlans", "sim0", default, default);
        var put = Assert.IsType<WatchEvent.EntryPut>(await NextChangeAsync(reader));
        Assert.Equal((5, "sim2"), (put.Revision, put.Entry.Spec!.Interface));
        Assert.Equal(new WatchEvent.EntryDeleted(8, "1"), await NextChangeAsync(reader));
        Assert.Equal(new WatchEvent.AttachmentDeleted(9, "sim0"), await NextChangeAsync(reader));
    }

    [Fact]
    public async Task Put_Refused_IsNotTold()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);
        gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
        await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "1", "sim1"));
        gate.Refusal = null;
        await core.PutAsync("vlans", "2", "sim1");
        Assert.Equal("2", Assert.IsType<WatchEvent.EntryPut>(await reader.NextAsync()).Entry.Key);
    }

    [Fact]
    public async Task InterfaceChanges_IsOneEventForAllItsEntries()
    {
        await using var core = await CoreFixture.StartAsync();
        for (var i = 0; i < 300; i++)
            await core.PutAsync("vlans", $"{i}", "sim1");
        await core.PutAsync("ingress", "sim1", "sim1");
        await core.PutAsync("ingress", "sim2", "sim1");
        await core.PutAsync("ingress", "sim3", "sim2");
        await using var vlans = core.Watch("vlans").GetAsyncEnumerator();
        await using var ingress = core.Watch("ingress").GetAsyncEnumerator();
        await vlans.UntilAsync(e => e is WatchEvent.Synced);
        await ingress.UntilAsync(e => e is WatchEvent.Synced);

        core.Host.RemoveInterface("sim1");
        Assert.Equal(new WatchEvent.StatusChanged(304, "sim1", null, 300, false), await vlans.NextAsync());
        Assert.Equal(new WatchEvent.StatusChanged(304, "sim1", null, 2, false), await ingress.NextAsync());
        Assert.Equal(EntryState.Pending, core.Entries.Get("vlans", "7").Status.State);

        var ifindex = core.Host.AddInterface("sim1");
        Assert.Equal(new WatchEvent.StatusChanged(304, "sim1", ifindex, 300, false), await vlans.NextAsync());
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "7").Status.State);

        // A notice that says nothing new, one about what nobody uses, and then one that is news.
        core.Host.ChangeInterface("sim1", i => i);
        core.Host.ChangeInterface("sim0", i => i with { IsUp = false });
        core.Host.ChangeInterface("sim1", i => i with { IsUp = false });
        Assert.Equal(new WatchEvent.StatusChanged(304, "sim1", ifindex, 300, false), await vlans.NextAsync());
        Assert.Equal(EntryState.Undeliverable, core.Entries.Get("vlans", "7").Status.State);
        await core.PutAsync("vlans", "7", "sim2");
        Assert.Equal(305, (await vlans.NextAsync()).Revision);
    }

    [Fact]
    public async Task NotificationOfAnOlderChange_WritersTableIsTheReaders_IsReportedAtOnceAndOnce()
    {
        ManualLinkEventsKernel? deaf = null;
        await using var core = await CoreFixture.StartAsync(wrap: kernel => deaf = new ManualLinkEventsKernel(kernel));
        var ifindex = core.Host.Interfaces.Find("sim1")!.Ifindex;
        await core.PutAsync("vlans", "1", "sim1");
        deaf!.Notify("sim1");
        var before = (await core.PutAsync("vlans", "3", "sim3")).View.Revision!.Value; // the notification has been taken before
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);

        core.Host.ChangeInterface("sim1", i => i with { IsUp = false });
        deaf.Notify("sim1"); // of something older; the table that is read now has more

        Assert.Equal(new WatchEvent.StatusChanged(before, "sim1", ifindex, 1, false), await reader.NextAsync());
        Assert.Equal(EntryState.Undeliverable, core.Entries.Get("vlans", "1").Status.State);
        deaf.Notify("sim1"); // says nothing new
        await core.PutAsync("vlans", "2", "sim2");
        Assert.IsType<WatchEvent.EntryPut>(await reader.NextAsync());
    }

    [Fact]
    public async Task FreedKernelKey_TellsOfTheEntryThatWaitedForIt()
    {
        await using var core = await CoreFixture.StartAsync();
        var next = core.Host.AddInterface("probe") + 1;
        await core.PutAsync("ingress", $"{next}", "sim1");
        await core.PutAsync("ingress", "later", "sim2", allowPending: true);
        await using var reader = core.Watch("ingress").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);
        core.Host.AddInterface("later");
        Assert.Equal(new WatchEvent.StatusChanged(3, "later", next, 1, false), await reader.NextAsync());
        await core.Entries.DeleteAsync("ingress", $"{next}", default, default);
        Assert.Equal(new WatchEvent.EntryDeleted(4, $"{next}"), await reader.NextAsync());
        Assert.Equal(new WatchEvent.StatusChanged(4, "later", next, 1, false), await reader.NextAsync());
    }

    [Fact]
    public async Task Resume_StatusChangesAfterTheRevision_AreToldAgain()
    {
        await using var core = await CoreFixture.StartAsync();
        var revision = (await core.PutAsync("vlans", "1", "sim1")).View.Revision!.Value;
        await using var first = core.Watch("vlans", revision).GetAsyncEnumerator();
        Assert.IsType<WatchEvent.Synced>(await first.NextAsync());
        core.Host.ChangeInterface("sim1", i => i with { IsUp = false });
        Assert.IsType<WatchEvent.StatusChanged>(await first.NextAsync());
        await using var second = core.Watch("vlans", revision).GetAsyncEnumerator();
        Assert.IsType<WatchEvent.StatusChanged>(await second.NextAsync());
        Assert.IsType<WatchEvent.Synced>(await second.NextAsync());
    }

    [Fact]
    public async Task Idle_BookmarksCome_EachAPeriodAfterTheLastEvent()
    {
        var time = new FakeTimeProvider();
        await using var core = await CoreFixture.StartAsync(time: time);
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        Assert.Equal(new WatchEvent.Synced(1), await reader.NextAsync());
        var waiting = reader.NextAsync();
        await core.PutAsync("addresses", "10.0.0.1", "sim1");
        time.Advance(TimeSpan.FromSeconds(14));
        Assert.False(waiting.IsCompleted);
        await AdvanceUntilAsync(waiting, time);
        Assert.Equal(new WatchEvent.Bookmark(2), await waiting);
        waiting = reader.NextAsync();
        time.Advance(TimeSpan.FromSeconds(14));
        Assert.False(waiting.IsCompleted);
        await AdvanceUntilAsync(waiting, time);
        Assert.Equal(new WatchEvent.Bookmark(2), await waiting);
    }

    [Fact]
    public async Task SlowReader_IsCutOff_HoldsNothingBack_AndCanBeginAnew()
    {
        await using var core = await CoreFixture.StartAsync(watching: new WatchOptions { LogCapacity = 8 });
        await using var slow = core.Watch("vlans").GetAsyncEnumerator();
        await using var quick = core.Watch("vlans").GetAsyncEnumerator();
        Assert.IsType<WatchEvent.Synced>(await slow.NextAsync());
        Assert.IsType<WatchEvent.Synced>(await quick.NextAsync());
        for (var i = 0; i < 9; i++)
        {
            await core.PutAsync("vlans", $"{i}", "sim1");
            Assert.Equal(i + 2, (await quick.NextAsync()).Revision);
        }

        var error = await CoreFixture.FailsAsync(() => slow.NextAsync());
        Assert.Equal(ErrorCode.RevisionCompacted, error.Code);
        Assert.StartsWith("watcher_too_slow", error.Detail, StringComparison.Ordinal);
        Assert.Equal((1, 1), (core.Watches.Watchers, core.Watches.CutOff));
        await using var anew = core.Watch("vlans").GetAsyncEnumerator();
        Assert.Equal(10, (await anew.UntilAsync(e => e is WatchEvent.Synced)).Count);
    }

    [Fact]
    public async Task Resume_TooOld_IsCompacted_AndTheOldestIsNot()
    {
        // About four changes in memory, and as many in the store.
        using var store = new MemoryStore(new HistoryOptions { MaxBytes = 4096 });
        await using var core = await CoreFixture.StartAsync(store: store, watching: new WatchOptions { LogCapacity = 4 });
        for (var i = 0; i < 10; i++)
            await core.PutAsync("vlans", $"{i}", "sim1");
        Assert.Equal(ErrorCode.RevisionCompacted, Refuses(core, "vlans", 6).Code);
        var model = await core.Watch("vlans", 7).ModelAsync(() => 11);
        Assert.Equal([8, 9, 10, 11], model.Changes.Select(c => c.Revision));
    }

    [Fact]
    public async Task Resume_AfterARestart_GoesOnFromAnyRevision()
    {
        var host = SimulatedHost.WithInterfaces();
        using var store = new MemoryStore();
        List<(long Revision, string What)> whole;
        long first, last;
        await using (var before = await CoreFixture.StartAsync(host, store: store))
        {
            first = before.List("vlans").Revision;
            for (var i = 0; i < 5; i++)
                await before.PutAsync("vlans", $"{i}", "sim1");
            await before.PutAsync("addresses", "10.0.0.1", "sim1");
            await before.ReplaceAsync("vlans", [new("7", new EntrySpec("sim2"), null), new("8", new EntrySpec("sim2"), null)], new ReplaceOptions { AllowDeletions = 9 });
            await before.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
            await before.Attachments.DeleteAsync("vlans", "sim0", default, default);
            await before.PutAsync("vlans", "0", "sim1");
            await before.Entries.DeleteAsync("vlans", "0", default, default);
            last = (await before.PutAsync("vlans", "9", "sim3")).View.Revision!.Value;
            whole = (await EventsAsync(before, first, last)).ToList();
        }

        await using var after = await CoreFixture.StartAsync(host, store: store, watching: new WatchOptions { LogCapacity = 3 });
        for (var revision = first; revision <= last; revision++)
            Assert.Equal(whole.Where(c => c.Revision > revision), await EventsAsync(after, revision, last));
        var next = (await after.PutAsync("vlans", "1", "sim2")).View.Revision!.Value;
        Assert.Equal([.. whole, (next, "EntryPut")], await EventsAsync(after, first, next));
    }

    [Fact]
    public async Task Resume_FromTheHistory_TellsNothingOfARefusedChange_AndOfEveryInterface()
    {
        using var gate = new KernelGate();
        var host = SimulatedHost.WithInterfaces();
        using var store = new MemoryStore();
        long first;
        await using (var before = await CoreFixture.StartAsync(host, wrap: gate.Wrap, store: store))
        {
            first = (await before.PutAsync("vlans", "1", "sim1")).View.Revision!.Value;
            gate.Refusal = new KernelException("bpf_map_update_elem", Errno.ENOMEM, "ENOMEM");
            await CoreFixture.FailsAsync(() => before.PutAsync("vlans", "2", "sim1"));
            gate.Refusal = null;
            await before.PutAsync("vlans", "3", "sim2");
        }

        await using var after = await CoreFixture.StartAsync(host, store: store);
        await using var reader = after.Watch("vlans", first).GetAsyncEnumerator();
        var events = await reader.UntilAsync(e => e is WatchEvent.Synced);
        Assert.Equal("3", Assert.Single(events.OfType<WatchEvent.EntryPut>()).Entry.Key);
        Assert.Empty(events.OfType<WatchEvent.EntryDeleted>());
        Assert.Equal(["sim1", "sim2"], events.OfType<WatchEvent.StatusChanged>().Select(e => e.Interface).Distinct().Order());
    }

    [Fact]
    public async Task Resume_AfterASwapOfManyEntries_TellsOfTheSwap()
    {
        var host = SimulatedHost.WithInterfaces();
        using var store = new MemoryStore();
        long first;
        await using (var before = await CoreFixture.StartAsync(host, store: store))
        {
            await before.PutProgramAsync("counting", "count");
            for (var i = 0; i < 300; i++)
                await before.PutAsync("vlans", $"{i}", "sim1");
            first = before.List("vlans").Revision;
            await before.Programs.SetOfInterfaceAsync("sim1", "counting", RequestContext.OfDaemon());
        }

        await using var after = await CoreFixture.StartAsync(host, store: store);
        await using var reader = after.Watch("vlans", first).GetAsyncEnumerator();
        var told = Assert.IsType<WatchEvent.EgressProgramSet>(await reader.NextAsync());
        Assert.Equal(("sim1", "counting", 300), (told.Interface, told.EgressProgram, told.Entries));
    }

    // Changes with their revisions, of which a call's last one alone can be resumed from: the others get it too.
    private static async Task<IReadOnlyList<(long Revision, string What)>> EventsAsync(CoreFixture core, long from, long last)
    {
        await using var reader = core.Watch("vlans", from).GetAsyncEnumerator();
        var events = await reader.UntilAsync(e => e is WatchEvent.Synced);
        Assert.Equal(last, events[^1].Revision);
        var (found, revision) = (new List<(long, string)>(), last);
        foreach (var told in events.Where(e => e is not (WatchEvent.Synced or WatchEvent.StatusChanged)).Reverse())
            found.Add((revision = told.Revision ?? revision, told.GetType().Name));
        found.Reverse();
        return found;
    }

    [Theory]
    [InlineData("none", null, ErrorCode.DevmapNotFound)]
    [InlineData("vlans", 2L, ErrorCode.InvalidArgument)]
    [InlineData("vlans", -1L, ErrorCode.InvalidArgument)]
    public async Task Watch_Wrong_IsRefusedAtOnce(string devmap, long? revision, ErrorCode code)
    {
        await using var core = await CoreFixture.StartAsync();
        var error = Refuses(core, devmap, revision);
        Assert.Equal(code, error.Code);
        Assert.Equal(code == ErrorCode.InvalidArgument ? ["revision"] : Array.Empty<string>(), error.Fields.Select(f => f.Field));
    }

    [Fact]
    public async Task Stop_StreamsTellTheLastChange_ThenEnd()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);
        gate.Close();
        var put = core.PutAsync("vlans", "1", "sim1");
        await gate.Reached;
        var stopped = core.Writer.StopAsync(TimeSpan.FromSeconds(30));
        gate.Open();
        await stopped;
        await put;
        Assert.Equal(2, (await reader.NextAsync()).Revision);
        Assert.Equal(ErrorCode.ShuttingDown, (await CoreFixture.FailsAsync(() => reader.NextAsync())).Code);
        Assert.Equal(ErrorCode.ShuttingDown, Refuses(core, "vlans", null).Code);
        Assert.Equal(0, core.Watches.Watchers);
    }

    [Fact]
    public async Task Cancelled_EndsAtOnce_AndIsNoLongerCounted()
    {
        await using var core = await CoreFixture.StartAsync();
        using var client = new CancellationTokenSource();
        await using var reader = core.Watches.Watch("vlans", null, new WatchQuery(), RequestContext.OfDaemon(client.Token)).GetAsyncEnumerator(client.Token);
        await reader.NextAsync();
        var waiting = reader.NextAsync();
        Assert.Equal(1, core.Watches.Watchers);
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, core.Watches.Watchers);
    }

    // How soon the reader sees the other devmap's change and sets its alarm again is the scheduler's choice.
    private static async Task AdvanceUntilAsync(Task waiting, FakeTimeProvider time)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!waiting.IsCompleted && DateTime.UtcNow < deadline)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    // An attachment to sim0 changes that interface, and the event may come in between.
    private static async Task<WatchEvent> NextChangeAsync(IAsyncEnumerator<WatchEvent> reader) =>
        (await reader.UntilAsync(e => e is not WatchEvent.StatusChanged))[^1];

    private static Error Refuses(CoreFixture core, string devmap, long? revision) =>
        Assert.Throws<ControlPlaneException>(() => core.Watch(devmap, revision)).Error;
}
