using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;

namespace ControlPlane.UnitTests.Core.Watching;

/// <summary>Streams begun at any moment of restless writing end in the same state, and tell every change once.</summary>
public sealed class WatchConsistencyTests
{
    private const int Writers = 4;
    private const int WritesEach = 400;
    private const int MostStreams = 50;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task StreamsBegunWhileOthersWrite_AllEndInTheSameState(int seed)
    {
        // A stream that had the last change before this test knew its revision ends with the next bookmark.
        await using var core = await CoreFixture.StartAsync(watching: new WatchOptions { BookmarkPeriod = TimeSpan.FromMilliseconds(100) });
        var last = long.MaxValue;
        var streams = new List<Task<WatchModel>> { Watching() };
        var writers = Enumerable.Range(0, Writers).Select(w => Task.Run(() => WriteAsync(core, new Random((seed * 100) + w)))).ToList();
        while (!writers.TrueForAll(w => w.IsCompleted) && streams.Count < MostStreams)
        {
            streams.Add(Watching());
            for (var i = 0; i < 20; i++)
                await core.PutAsync("addresses", $"{streams.Count}", $"sim{i % 2}");
        }

        await Task.WhenAll(writers);
        Volatile.Write(ref last, (await core.PutAsync("ingress", "63", "sim3")).View.Revision!.Value);
        var models = await Task.WhenAll(streams);

        var wanted = Wanted(core).ToList();
        // The stream that began first, which need not be the one that was begun first.
        var whole = models.MinBy(m => m.SyncedAt)!.Changes;
        Assert.Equal(whole.Select(c => c.Revision).Distinct().Count(), whole.Count);
        foreach (var model in models)
        {
            Assert.Equal(wanted, model.Resources);
            Assert.Equal(whole.Where(c => c.Revision > model.SyncedAt), model.Changes);
        }

        Task<WatchModel> Watching() => Task.Run(() => core.Watch("ingress").ModelAsync(() => Volatile.Read(ref last)));
    }

    [Fact]
    public async Task Resumed_AtAnyRevision_TellsWhatIsLeft()
    {
        await using var core = await CoreFixture.StartAsync();
        var random = new Random(7);
        var first = core.List("ingress").Revision;
        await WriteAsync(core, random);
        var last = (await core.PutAsync("ingress", "63", "sim3")).View.Revision!.Value;
        var whole = (await core.Watch("ingress", first).ModelAsync(() => last)).Changes;
        Assert.True(whole.Count > WritesEach / 4);
        for (var revision = first; revision <= last; revision++)
        {
            var resumed = await core.Watch("ingress", revision).ModelAsync(() => last);
            Assert.Equal(whole.Where(c => c.Revision > revision), resumed.Changes);
        }
    }

    [Fact]
    public async Task Snapshot_ReadWhileEverythingChanges_NeitherMissesNorRepeats()
    {
        await using var core = await CoreFixture.StartAsync();
        for (var i = 0; i < 20; i++)
            await core.PutAsync("vlans", $"{i}", "sim1");
        await using var reader = core.Watch("vlans").GetAsyncEnumerator();
        var model = new WatchModel();
        for (var i = 0; i < 5; i++)
            model.Take(await reader.NextAsync());

        await core.PutAsync("vlans", "2", "sim2");
        await core.PutAsync("vlans", "10", "sim2");
        await core.Entries.DeleteAsync("vlans", "3", default, default);
        await core.Entries.DeleteAsync("vlans", "11", default, default);
        await core.PutAsync("vlans", "12", "sim1");
        await core.Entries.DeleteAsync("vlans", "13", default, default);
        await core.PutAsync("vlans", "13", "sim2");
        var last = (await core.PutAsync("vlans", "30", "sim3")).View.Revision!.Value;
        foreach (var told in await reader.UntilAsync(e => e.Revision == last))
            model.Take(told);

        Assert.Equal(21, model.SyncedAt);
        Assert.Equal(
            ["put 2 to sim2", "put 10 to sim2", "delete 3", "delete 11", "delete 13", "put 13 to sim2", "put 30 to sim3"],
            model.Changes.Select(c => c.What));
        Assert.Equal(core.List("vlans").Entries.Select(e => ($"entries/{e.Key}", e.Revision!.Value)).Order(), model.Resources);
    }

    private static IEnumerable<(string Resource, long Revision)> Wanted(CoreFixture core) =>
        core.List("ingress", new() { PageSize = 1000 }).Entries.Select(e => ($"entries/{e.Key}", e.Revision!.Value))
            .Concat(core.Attachments.List("ingress").Select(a => ($"attachments/{a.Interface}", a.Revision)))
            .Order();

    private static async Task WriteAsync(CoreFixture core, Random random)
    {
        for (var i = 0; i < WritesEach; i++)
        {
            try
            {
                await WriteOnceAsync(core, random);
            }
            catch (ControlPlaneException e) when (e.Error.Code is not (ErrorCode.KernelFailure or ErrorCode.StoreUnavailable))
            {
                // To delete what is not there, or to be refused otherwise, belongs to it.
            }
        }
    }

    private static async Task WriteOnceAsync(CoreFixture core, Random random)
    {
        var key = random.Next(3) == 0 ? $"late{random.Next(4)}" : $"{20 + random.Next(12)}";
        switch (random.Next(20))
        {
            case < 9:
                await core.PutAsync("ingress", key, $"sim{random.Next(3)}", allowPending: true);
                break;
            case < 15:
                await core.Entries.DeleteAsync("ingress", key, default, default);
                break;
            case 15:
                await core.PutAsync("vlans", $"{random.Next(8)}", "sim1");
                break;
            case 16:
                await core.Attachments.PutAsync("ingress", $"sim{random.Next(4)}", new AttachmentSpec(random.Next(2) == 0 ? AttachMode.Native : AttachMode.Generic), false, RequestContext.OfDaemon());
                break;
            case 17:
                await core.Attachments.DeleteAsync("ingress", $"sim{random.Next(4)}", default, default);
                break;
            case 18:
                await core.PutProgramAsync($"p{random.Next(3)}", random.Next(2) == 0 ? "count" : "drop");
                break;
            default:
                var name = $"sim{random.Next(3)}";
                core.Host.ChangeInterface(name, i => i with { IsUp = !i.IsUp });
                break;
        }
    }
}
