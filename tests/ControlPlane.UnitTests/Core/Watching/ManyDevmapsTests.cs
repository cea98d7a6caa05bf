using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Simulation;
using ControlPlane.Storage;

namespace ControlPlane.UnitTests.Core.Watching;

/// <summary>One stream of several devmaps and of egress programs.</summary>
public sealed class ManyDevmapsTests
{
    [Fact]
    public async Task Stream_HasProgramsAndDevmaps_InOneOrder()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("counting", "count");
        await core.PutAsync("vlans", "1", "sim1");
        await core.PutAsync("ingress", "7", "sim1");
        await core.PutAsync("addresses", "10.0.0.1", "sim1");
        await using var reader = core.WatchAll(null, "vlans", "ingress").GetAsyncEnumerator();
        var snapshot = await reader.UntilAsync(e => e is WatchEvent.Synced);
        Assert.Equal([("ProgramPut", null), ("DevmapPut", "vlans"), ("EntryPut", "vlans"), ("DevmapPut", "ingress"), ("EntryPut", "ingress"), ("Synced", null)], snapshot.Select(e => (e.GetType().Name, e.Devmap)));

        await core.PutAsync("ingress", "7", "sim2");
        await core.PutAsync("addresses", "10.0.0.1", "sim2");
        await core.PutProgramAsync("other", "drop");
        await core.Entries.DeleteAsync("vlans", "1", default, default);
        await core.Programs.DeleteAsync("other", null, false, RequestContext.OfDaemon());
        Assert.Equal((6, "ingress"), About(Assert.IsType<WatchEvent.EntryPut>(await reader.NextAsync())));
        var put = Assert.IsType<WatchEvent.ProgramPut>(await reader.NextAsync());
        Assert.Equal((8, null, "other", "drop"), (put.Revision, put.Devmap, put.Program.Name, put.Program.Spec.Template.Name));
        Assert.Equal(new WatchEvent.EntryDeleted(9, "1") { Devmap = "vlans" }, await reader.NextAsync());
        Assert.Equal(new WatchEvent.ProgramDeleted(10, "other"), await reader.NextAsync());
    }

    [Fact]
    public async Task Call_ThatWritesToSeveralDevmaps_CanBeResumedAfterTheLastAlone()
    {
        await using var core = await CoreFixture.StartAsync();
        await using var all = core.WatchAll().GetAsyncEnumerator();
        await using var one = core.Watch("ingress").GetAsyncEnumerator();
        await all.UntilAsync(e => e is WatchEvent.Synced);
        await one.UntilAsync(e => e is WatchEvent.Synced);
        BatchItem Put(string devmap, string key) => new(new BatchPut(devmap, key, new EntrySpec("sim1"), null), null);
        await core.ApplyAsync(BatchMode.Atomic, Put("ingress", "7"), Put("vlans", "1"), Put("vlans", "2"));

        Assert.Equal([(null, "ingress"), (null, "vlans"), (2L, "vlans")], new[] { About(await all.NextAsync()), About(await all.NextAsync()), About(await all.NextAsync()) });
        Assert.Equal((2L, null), About(await one.NextAsync()));
    }

    [Fact]
    public async Task Resumed_AtAnyRevision_AlsoAfterARestart_TellsTheRest()
    {
        var host = SimulatedHost.WithInterfaces();
        using var store = new MemoryStore();
        List<(long?, string?, string)> whole;
        long first, last;
        await using (var before = await CoreFixture.StartAsync(host, store: store))
        {
            await before.PutProgramAsync("kept", "count");
            first = before.State.Current.Revision;
            await before.PutAsync("vlans", "1", "sim1");
            await before.PutProgramAsync("counting", "count");
            await before.PutAsync("addresses", "10.0.0.1", "sim1");
            BatchItem Put(string devmap, string key) => new(new BatchPut(devmap, key, new EntrySpec("sim2"), null), null);
            await before.ApplyAsync(BatchMode.Atomic, Put("ingress", "7"), Put("vlans", "1"), Put("vlans", "2"));
            await before.Programs.DeleteAsync("counting", null, false, RequestContext.OfDaemon());
            last = (await before.PutAsync("ingress", "7", "sim3")).View.Revision!.Value;
            whole = await EventsAsync(before, first);
            Assert.Equal(8, whole.Count);
            for (var revision = first; revision <= last; revision++)
                Assert.Equal(whole.SkipWhile(e => revision > first && e.Item1 != revision).Skip(revision > first ? 1 : 0), await EventsAsync(before, revision));
        }

        // As after a reboot: the programs are loaded again.
        await using var after = await CoreFixture.StartAsync(SimulatedHost.WithInterfaces(), store: store);
        for (var revision = first; revision <= last; revision++)
            Assert.Equal(whole.SkipWhile(e => revision > first && e.Item1 != revision).Skip(revision > first ? 1 : 0), await EventsAsync(after, revision));

        static async Task<List<(long?, string?, string)>> EventsAsync(CoreFixture core, long revision)
        {
            await using var reader = core.WatchAll(revision).GetAsyncEnumerator();
            return [.. (await reader.UntilAsync(e => e is WatchEvent.Synced)).Where(e => e is not (WatchEvent.StatusChanged or WatchEvent.Synced)).Select(e => (e.Revision, e.Devmap, e.GetType().Name))];
        }
    }

    [Fact]
    public async Task UnknownDevmap_IsRefusedAtOnce()
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.Equal(ErrorCode.DevmapNotFound, Assert.Throws<ControlPlaneException>(() => core.WatchAll(null, "vlans", "none")).Error.Code);
        Assert.Equal(ErrorCode.InvalidArgument, Assert.Throws<ControlPlaneException>(() => core.WatchAll(99)).Error.Code);
    }

    private static (long? Revision, string? Devmap) About(WatchEvent happened) => (happened.Revision, happened.Devmap);
}
