using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core.Watching;

/// <summary>Streams of a part of the changes.</summary>
public sealed class FilterTests
{
    [Fact]
    public async Task Entry_ThatLeavesTheSelection_IsDeletedForTheStream()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", Spec("sim1", "mine", "a"));
        await core.PutAsync("vlans", "2", Spec("sim1", "mine", "b"));
        await core.PutAsync("vlans", "3", Spec("sim1", "other", "a"));
        await using var reader = core.Filtered("vlans", new WatchQuery(Owner: "mine", Labels: ["pod=a"])).GetAsyncEnumerator();
        var snapshot = await reader.UntilAsync(e => e is WatchEvent.Synced);
        Assert.Equal("1", Assert.IsType<WatchEvent.EntryPut>(snapshot[0]).Entry.Key);
        Assert.Equal(new WatchEvent.Synced(4), snapshot[1]);

        await core.PutAsync("vlans", "2", Spec("sim2", "mine", "a"));
        await core.PutAsync("vlans", "1", Spec("sim1", "mine", "b"));
        await core.PutAsync("vlans", "1", Spec("sim2", "mine", "b"));
        await core.Entries.DeleteAsync("vlans", "1", default, default, "mine");
        await core.Entries.DeleteAsync("vlans", "3", default, default, "other");
        await core.Entries.DeleteAsync("vlans", "2", default, default, "mine");
        Assert.Equal((5L, "2"), About(await reader.NextAsync()));
        Assert.Equal(new WatchEvent.EntryDeleted(6, "1"), await reader.NextAsync());
        Assert.Equal(new WatchEvent.EntryDeleted(10, "2"), await reader.NextAsync());
    }

    [Fact]
    public async Task Interface_SelectsEntriesThatSendToIt_AttachmentsToIt_AndItsStatus()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("counting", "count");
        await core.PutAsync("vlans", "1", "sim1");
        await core.PutAsync("vlans", "2", "sim2");
        await using var reader = core.FilteredAll(null, new WatchQuery(Interface: "sim1")).GetAsyncEnumerator();
        Assert.Equal(["EntryPut", "Synced"], (await reader.UntilAsync(e => e is WatchEvent.Synced)).Select(e => e.GetType().Name));

        core.Host.ChangeInterface("sim2", i => i with { IsUp = false });
        await core.PutAsync("vlans", "1", "sim2");
        await core.PutAsync("vlans", "2", "sim1");
        core.Host.ChangeInterface("sim1", i => i with { IsUp = false });
        await Eventually.Async(() => core.Entries.Get("vlans", "2").Status.State == EntryState.Undeliverable);
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await core.Attachments.PutAsync("vlans", "sim1", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        var events = await reader.UntilAsync(e => e is WatchEvent.AttachmentPut);
        Assert.All(events.OfType<WatchEvent.StatusChanged>(), e => Assert.Equal("sim1", e.Interface));
        Assert.Contains(events, e => e is WatchEvent.StatusChanged);
        Assert.Equal(["EntryDeleted", "EntryPut", "AttachmentPut"], events.Where(e => e is not WatchEvent.StatusChanged).Select(e => e.GetType().Name));
        Assert.Equal("sim1", ((WatchEvent.AttachmentPut)events[^1]).Attachment.Interface);
    }

    [Fact]
    public async Task Resumed_AtAnyRevision_AlsoAfterARestart_AFilteredStreamIsTheSame()
    {
        var random = new Random(7);
        var query = new WatchQuery(Owner: "mine", Labels: ["pod=a"]);
        using var store = new MemoryStore();
        List<WatchEvent> whole;
        await using (var before = await CoreFixture.StartAsync(store: store))
        {
            for (var i = 0; i < 300; i++)
            {
                var key = $"{random.Next(8)}";
                if (random.Next(4) == 0 && before.State.Current.Devmap("vlans").Find(EntryKey.OfNumber(uint.Parse(key, null))) is not null)
                    await before.Entries.DeleteAsync("vlans", key, default, default, force: true);
                else
                    await before.Entries.PutAsync("vlans", key, Spec($"sim{random.Next(3)}", random.Next(3) == 0 ? "other" : "mine", random.Next(3) == 0 ? "b" : "a"), false, RequestContext.OfDaemon(), force: true);
            }

            whole = await ChangesAsync(before, 1);
            await CompareAsync(before);
            // Replayed from the beginning, the stream has what the list has.
            var held = new SortedSet<string>(StringComparer.Ordinal);
            foreach (var happened in whole)
            {
                if (happened is WatchEvent.EntryPut put)
                    held.Add(put.Entry.Key);
                else
                    Assert.True(held.Remove(((WatchEvent.EntryDeleted)happened).Key), $"{happened} of an entry that the reader does not have");
            }

            Assert.Equal(held, before.List("vlans", new EntryQuery(Owner: "mine", Labels: ["pod=a"])).Entries.Select(e => e.Key).Order(StringComparer.Ordinal));
        }

        await using var after = await CoreFixture.StartAsync(store: store);
        await CompareAsync(after);

        async Task CompareAsync(CoreFixture core)
        {
            for (var revision = 1L; revision <= core.State.Current.Revision; revision += 13)
                Assert.Equal(whole.Where(e => e.Revision > revision).Select(Text), (await ChangesAsync(core, revision)).Select(Text));
        }

        async Task<List<WatchEvent>> ChangesAsync(CoreFixture core, long revision)
        {
            await using var reader = core.Filtered("vlans", query, revision).GetAsyncEnumerator();
            return [.. (await reader.UntilAsync(e => e is WatchEvent.Synced)).Where(e => e is WatchEvent.EntryPut or WatchEvent.EntryDeleted)];
        }

        static string Text(WatchEvent happened) => happened is WatchEvent.EntryPut put
            ? $"{put.Revision} {put.Entry.Key} to {put.Entry.Spec!.Interface}"
            : happened.ToString();
    }

    [Fact]
    public async Task State_EntriesComeAndLeave_AsTheirStateChanges()
    {
        var time = new FakeTimeProvider();
        await using var core = await CoreFixture.StartAsync(time: time);
        await core.PutAsync("vlans", "1", "sim1");
        await core.PutAsync("vlans", "2", "sim2");
        await core.PutAsync("vlans", "3", "later", allowPending: true);
        await using var reader = core.Filtered("vlans", new WatchQuery(State: EntryState.Pending)).GetAsyncEnumerator();
        var snapshot = await reader.UntilAsync(e => e is WatchEvent.Synced);
        Assert.Equal((null, "3"), About(snapshot[0]));
        Assert.Equal(new WatchEvent.Synced(null), snapshot[1]);

        core.Host.RemoveInterface("sim1");
        Assert.Equal((null, "1"), About(await AfterAsync(reader.NextAsync(), time)));
        core.Host.AddInterface("later");
        Assert.Equal(new WatchEvent.EntryDeleted(null, "3"), await AfterAsync(reader.NextAsync(), time));
        await core.PutAsync("vlans", "1", "sim2");
        Assert.Equal(new WatchEvent.EntryDeleted(null, "1"), await AfterAsync(reader.NextAsync(), time));
        await core.PutAsync("vlans", "4", "gone", allowPending: true);
        Assert.Equal((null, "4"), About(await AfterAsync(reader.NextAsync(), time)));
        await core.Entries.DeleteAsync("vlans", "2", default, default);
        await core.Entries.DeleteAsync("vlans", "4", default, default);
        Assert.Equal(new WatchEvent.EntryDeleted(null, "4"), await AfterAsync(reader.NextAsync(), time));
    }

    [Fact]
    public async Task State_FollowsASwapOfTheEgressProgram_WithTheNewRevision()
    {
        var time = new FakeTimeProvider();
        await using var core = await CoreFixture.StartAsync(time: time);
        await core.PutProgramAsync("counting", "count");
        await core.PutAsync("vlans", "1", "sim1");
        await using var reader = core.FilteredAll(null, new WatchQuery(State: EntryState.Forwarding)).GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);
        await core.Programs.SetOfInterfaceAsync("sim1", "counting", new Violations(), null, default);
        var put = Assert.IsType<WatchEvent.EntryPut>(await AfterAsync(reader.NextAsync(), time));
        Assert.Equal(("vlans", "1", "counting", 4L), (put.Devmap, put.Entry.Key, put.Entry.Spec!.EgressProgram, put.Entry.Revision));
    }

    [Fact]
    public async Task Folded_AFlappingInterfaceIsOneEvent_AndNoReaderThatResumesMissesIt()
    {
        var time = new FakeTimeProvider();
        await using var core = await CoreFixture.StartAsync(time: time);
        await core.PutAsync("vlans", "1", "sim1");
        var query = new WatchQuery(StatusEvents: StatusEvents.Folded);
        await using var reader = core.Filtered("vlans", query).GetAsyncEnumerator();
        await using var every = core.Watch("vlans").GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);
        await every.UntilAsync(e => e is WatchEvent.Synced);
        var ifindex = 0u;
        for (var flap = 0; flap < 5; flap++)
        {
            core.Host.RemoveInterface("sim1");
            Assert.IsType<WatchEvent.StatusChanged>(await every.NextAsync());
            ifindex = core.Host.AddInterface("sim1");
            Assert.IsType<WatchEvent.StatusChanged>(await every.NextAsync());
        }

        await core.PutAsync("vlans", "2", "sim2");
        // Resuming from its revision would miss the held change of status, so the event has none.
        Assert.Equal((null, "2"), About(await reader.NextAsync()));
        Assert.Equal(new WatchEvent.StatusChanged(3, "sim1", ifindex, 1, false), await AfterAsync(reader.NextAsync(), time));
        await core.PutAsync("vlans", "3", "sim2");
        Assert.Equal((4L, "3"), About(await reader.NextAsync()));

        await using var resumed = core.Filtered("vlans", query, 2).GetAsyncEnumerator();
        Assert.Equal((null, "2"), About(await resumed.NextAsync()));
        Assert.Equal((null, "3"), About(await resumed.NextAsync()));
        Assert.Equal(new WatchEvent.StatusChanged(4, "sim1", ifindex, 1, false), await AfterAsync(resumed.NextAsync(), time));
        Assert.Equal(new WatchEvent.Synced(4), await resumed.NextAsync());
    }

    [Fact]
    public async Task NoStatusEvents_LeavesThemOut()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutAsync("vlans", "1", "sim1");
        await using var reader = core.Filtered("vlans", new WatchQuery(StatusEvents: StatusEvents.None)).GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);
        core.Host.RemoveInterface("sim1");
        await Eventually.Async(() => core.Entries.Get("vlans", "1").Status.State == EntryState.Pending);
        await core.PutAsync("vlans", "2", "sim2");
        Assert.Equal((3L, "2"), About(await reader.NextAsync()));
    }

    [Fact]
    public async Task Bookmark_ComesAlsoWhereMuchHappensThatIsNotForTheStream()
    {
        var time = new FakeTimeProvider();
        await using var core = await CoreFixture.StartAsync(time: time);
        await using var reader = core.Filtered("vlans", new WatchQuery(Owner: "mine")).GetAsyncEnumerator();
        await reader.UntilAsync(e => e is WatchEvent.Synced);
        var next = reader.NextAsync();
        for (var i = 0; i < 40 && !next.IsCompleted; i++)
        {
            await core.PutAsync("vlans", "1", $"sim{i % 2}");
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        Assert.True(Assert.IsType<WatchEvent.Bookmark>(await next).Revision > 1);
    }

    [Fact]
    public async Task Leases_AreInTheStreamOfSeveralDevmaps_AlsoAfterARestart()
    {
        var time = new FakeTimeProvider();
        using var store = new MemoryStore();
        await using (var core = await CoreFixture.StartAsync(time: time, store: store))
        {
            await core.PutLeaseAsync("cni", 30, "me");
            await using var reader = core.WatchAll().GetAsyncEnumerator();
            var snapshot = await reader.UntilAsync(e => e is WatchEvent.Synced);
            Assert.Equal(("cni", 0), (((WatchEvent.LeasePut)snapshot[0]).Lease.Name, ((WatchEvent.LeasePut)snapshot[0]).Lease.Status.Entries));
            await core.PutAsync("vlans", "1", new EntrySpec("sim1") { Owner = "me", Lease = "cni" });
            await core.PutLeaseAsync("cni", 60, "me");
            await core.Leases.DeleteAsync("cni", "me", false, RequestContext.OfDaemon());
            Assert.IsType<WatchEvent.EntryPut>(await reader.NextAsync());
            var put = Assert.IsType<WatchEvent.LeasePut>(await reader.NextAsync());
            Assert.Equal((4L, TimeSpan.FromSeconds(60)), (put.Revision, put.Lease.Spec.Ttl));
            // One call deletes the entry and the lease.
            Assert.Equal(new WatchEvent.EntryDeleted(null, "1") { Devmap = "vlans" }, await reader.NextAsync());
            Assert.Equal(new WatchEvent.LeaseDeleted(5, "cni"), await reader.NextAsync());
        }

        await using var after = await CoreFixture.StartAsync(time: time, store: store);
        await using var resumed = after.WatchAll(1).GetAsyncEnumerator();
        Assert.Equal(
            ["LeasePut", "EntryPut", "LeasePut", "EntryDeleted", "LeaseDeleted", "Synced"],
            (await resumed.UntilAsync(e => e is WatchEvent.Synced)).Where(e => e is not WatchEvent.StatusChanged).Select(e => e.GetType().Name));
    }

    [Fact]
    public async Task BadFilters_AreNamedAllAtOnce()
    {
        await using var core = await CoreFixture.StartAsync();
        var error = Assert.Throws<ControlPlaneException>(() => core.Filtered(
            "vlans", new WatchQuery(Interface: "a/b", State: EntryState.Unmanaged, Labels: ["pod"], Owner: "\t"), 1)).Error;
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
        Assert.Equal(["interface", "owner", "label", "state", "revision"], error.Fields.Select(v => v.Field));
    }

    private static EntrySpec Spec(string target, string owner, string pod) =>
        new(target) { Owner = owner, Labels = Labels.Of(new Dictionary<string, string> { ["pod"] = pod }) };

    private static (long? Revision, string Key) About(WatchEvent happened) => (happened.Revision, Assert.IsType<WatchEvent.EntryPut>(happened).Entry.Key);

    // When the stream begins to wait is the scheduler's choice.
    private static async Task<WatchEvent> AfterAsync(Task<WatchEvent> next, FakeTimeProvider time)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (!next.IsCompleted && DateTime.UtcNow < deadline)
        {
            time.Advance(TimeSpan.FromMilliseconds(200));
            await Task.Delay(1);
        }

        return await next;
    }
}
