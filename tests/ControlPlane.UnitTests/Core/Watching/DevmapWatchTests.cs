using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;

namespace ControlPlane.UnitTests.Core.Watching;

/// <summary>Devmaps that are made, changed and deleted, as streams tell of them.</summary>
public sealed class DevmapWatchTests
{
    private static readonly DevmapSpec Blue = new(16, KeySelector: KeySelector.Vlan);

    private static RequestContext Request(CancellationToken cancellation = default) => RequestContext.OfDaemon(cancellation);

    [Fact]
    public async Task StreamOfAll_HasDevmapsThatAreMadeLater()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans]);
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var events = core.Watches.WatchAll([], null, new WatchQuery(), Request(end.Token)).GetAsyncEnumerator(end.Token);
        Assert.Equal("vlans", Assert.IsType<WatchEvent.DevmapPut>(await NextAsync(events)).Definition.Name);
        Assert.IsType<WatchEvent.Synced>(await NextAsync(events));

        await core.Devmaps.PutAsync("blue", Blue, Request());
        var made = Assert.IsType<WatchEvent.DevmapPut>(await NextAsync(events));
        Assert.Equal(("blue", "blue"), (made.Devmap, made.Definition.Name));
        await core.PutAsync("blue", "1", "sim1");
        var entry = Assert.IsType<WatchEvent.EntryPut>(await NextAsync(events));
        Assert.Equal(("blue", "1"), (entry.Devmap, entry.Entry.Key));
        await core.Devmaps.PutAsync("blue", Blue with { MissAction = MissAction.Drop }, Request());
        Assert.Equal(MissAction.Drop, Assert.IsType<WatchEvent.DevmapPut>(await NextAsync(events)).Definition.Spec.MissAction);
        await core.Devmaps.DeleteAsync("blue", null, false, Request());
        Assert.Equal("blue", Assert.IsType<WatchEvent.DevmapDeleted>(await NextAsync(events)).Name);
        await core.PutAsync("vlans", "1", "sim1");
        Assert.Equal("vlans", (await NextAsync(events)).Devmap);
    }

    [Fact]
    public async Task StreamOfADevmap_EndsWithItsDeletion()
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans]);
        await core.Devmaps.PutAsync("blue", Blue, Request());
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var events = core.Watches.Watch("blue", null, new WatchQuery(), Request(end.Token)).GetAsyncEnumerator(end.Token);
        Assert.IsType<WatchEvent.Synced>(await NextAsync(events));
        await core.Devmaps.DeleteAsync("blue", null, false, Request());
        await core.Devmaps.PutAsync("blue", Blue, Request());
        Assert.IsType<WatchEvent.DevmapDeleted>(await NextAsync(events));
        Assert.Equal(ErrorCode.DevmapNotFound, (await Assert.ThrowsAsync<ControlPlaneException>(async () => await events.MoveNextAsync())).Error.Code);
    }

    [Theory]
    [InlineData(65_536)]
    [InlineData(1)]
    public async Task StreamThatIsResumed_HasNoChangeOfTheDevmapBefore_ButItsDeletion(int ring)
    {
        await using var core = await CoreFixture.StartAsync(devmaps: [CoreFixture.Vlans], watching: new WatchOptions { LogCapacity = ring });
        var made = await core.Devmaps.PutAsync("blue", Blue, Request());
        await core.PutAsync("blue", "1", "sim1");
        await core.Devmaps.DeleteAsync("blue", null, false, Request());
        await core.Devmaps.PutAsync("blue", Blue with { KeySelector = KeySelector.Ipv4Destination }, Request());
        await core.PutAsync("blue", "10.0.0.1", "sim1");
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        foreach (var events in new[]
        {
            core.Watches.Watch("blue", made.View.SpecRevision, new WatchQuery(), Request(end.Token)),
            core.Watches.WatchAll(["blue"], made.View.SpecRevision, new WatchQuery(), Request(end.Token)),
        })
        {
            var told = new List<WatchEvent>();
            await foreach (var happened in events)
            {
                if (happened is WatchEvent.Synced)
                    break;
                told.Add(happened);
            }

            Assert.Equal(
                [typeof(WatchEvent.DevmapDeleted), typeof(WatchEvent.DevmapPut), typeof(WatchEvent.EntryPut)],
                told.Where(e => e is not WatchEvent.StatusChanged).Select(e => e.GetType()));
        }
    }

    private static async Task<WatchEvent> NextAsync(IAsyncEnumerator<WatchEvent> events)
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current;
    }
}
