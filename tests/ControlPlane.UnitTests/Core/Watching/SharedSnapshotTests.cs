using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Core.Watching;

/// <summary>Watchers that begin together share the pages of their snapshot, and each sees a snapshot of its own time.</summary>
public sealed class SharedSnapshotTests
{
    private const int Entries = 300;

    [Fact]
    public async Task WatchersThatBeginTogether_RenderEachPageOnce()
    {
        await using var core = await StartAsync();
        await using var first = core.Watch("vlans").GetAsyncEnumerator();
        var events = await SnapshotAsync(first);
        Assert.Equal(Entries, events.Select(e => e.Entry.Key).Distinct().Count());
        var pages = core.Watches.PagesRendered;
        Assert.InRange(pages, 3, Entries / 10);

        var others = Enumerable.Range(0, 10).Select(_ => core.Watch("vlans").GetAsyncEnumerator()).ToList();
        foreach (var other in others)
            Assert.True(await other.MoveNextAsync());
        var read = await Task.WhenAll(others.Select(SnapshotAsync));

        Assert.Equal(2 * pages, core.Watches.PagesRendered);
        Assert.All(read, snapshot => Assert.Equal(Entries, snapshot.Count + 1));
        foreach (var other in others)
            await other.DisposeAsync();
    }

    [Fact]
    public async Task WatcherThatBeginsAfterAChange_SeesIt_AndTheOneBeforeGetsItAsAChange()
    {
        await using var core = await StartAsync();
        await using var before = core.Watch("vlans").GetAsyncEnumerator();
        Assert.True(await before.MoveNextAsync());
        await core.PutAsync("vlans", "1", "sim2");
        var last = (await core.PutAsync("vlans", "299", "sim2")).View.Revision!.Value;

        await using var after = core.Watch("vlans").GetAsyncEnumerator();
        var snapshot = await SnapshotAsync(after);

        Assert.Equal("sim2", snapshot.Single(e => e.Entry.Key == "1").Entry.Spec!.Interface);
        Assert.Equal("sim2", snapshot.Single(e => e.Entry.Key == "299").Entry.Spec!.Interface);
        var rest = await before.UntilAsync(e => e.Revision == last);
        Assert.Equal(last - 2, rest.OfType<WatchEvent.Synced>().Single().Revision);
        Assert.Equal(["1", "299"], rest.OfType<WatchEvent.EntryPut>().Where(e => e.Revision is not null).Select(e => e.Entry.Key));
    }

    [Fact]
    public async Task Page_OlderThanASecond_IsRenderedAgain()
    {
        var time = new FakeTimeProvider();
        await using var core = await StartAsync(time);
        await using var slow = core.Watch("vlans").GetAsyncEnumerator();
        Assert.True(await slow.MoveNextAsync());
        var rendered = core.Watches.PagesRendered;
        time.Advance(TimeSpan.FromSeconds(2));

        await using var next = core.Watch("vlans").GetAsyncEnumerator();
        Assert.True(await next.MoveNextAsync());

        Assert.Equal(2 * rendered, core.Watches.PagesRendered);
    }

    [Fact]
    public async Task WatcherThatIsGone_RendersNoFurtherPage()
    {
        await using var core = await StartAsync();
        using var client = new CancellationTokenSource();
        var reader = core.Watches.Watch("vlans", null, new WatchQuery(), RequestContext.OfDaemon(client.Token)).GetAsyncEnumerator();
        Assert.True(await reader.MoveNextAsync());
        var rendered = core.Watches.PagesRendered;
        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.MoveNextAsync());

        await reader.DisposeAsync();
        Assert.Equal(rendered, core.Watches.PagesRendered);
    }

    [Fact]
    public async Task KeysThatNameInterfaces_AreInTheSnapshot()
    {
        await using var core = await CoreFixture.StartAsync();
        for (var i = 0; i < 50; i++)
            await core.PutAsync("ingress", $"later{i}", "sim1", allowPending: true);
        await core.PutAsync("ingress", "sim0", "sim1");
        for (var i = 100; i < 110; i++)
            await core.PutAsync("ingress", $"{i}", "sim1");
        await using var reader = core.Watch("ingress").GetAsyncEnumerator();
        var keys = (await SnapshotAsync(reader)).Select(e => e.Entry.Key).ToList();
        Assert.Equal(61, keys.Count);
        Assert.Equal(61, keys.Distinct().Count());
    }

    private static async Task<CoreFixture> StartAsync(TimeProvider? time = null)
    {
        // A clock that stands still: no page gets too old because the machine is busy.
        var core = await CoreFixture.StartAsync(time: time ?? new FakeTimeProvider());
        for (var i = 0; i < Entries; i++)
            await core.PutAsync("vlans", $"{i}", "sim1");
        return core;
    }

    private static async Task<List<WatchEvent.EntryPut>> SnapshotAsync(IAsyncEnumerator<WatchEvent> reader) =>
        [.. (await reader.UntilAsync(e => e is WatchEvent.Synced)).OfType<WatchEvent.EntryPut>()];
}
