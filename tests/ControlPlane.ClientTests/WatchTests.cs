using ControlPlane.Client;
using ControlPlane.TestCommon;
using Devmapd.V1;

namespace ControlPlane.ClientTests;

/// <summary>Watches: snapshot, changes, breaks of the connection.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private const string Devmap = "default";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("devmapd-watch-");
    private readonly CancellationToken _deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;
    private DaemonProcess _daemon = null!;
    private Relay _relay = null!;
    private DevmapdClient _client = null!;

    public async Task InitializeAsync()
    {
        await StartAsync();
        var path = Path.Combine(_folder.FullName, "relay.sock");
        _relay = Relay.Start(path, _daemon.UnixSocket);
        _client = DevmapdClient.Connect($"unix:{path}", new DevmapdClientOptions { FirstReconnectDelay = TimeSpan.FromMilliseconds(10) });
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        _relay.Dispose();
        await _daemon.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Watch_BeginsWithASnapshot_ThenReportsEveryChange()
    {
        await PutAsync("101");
        await using var watch = Watch();

        Assert.True((await NextAsync(watch)).BeginsSnapshot);
        Assert.Equal("101", (await NextAsync(watch)).Event!.Entry.Key);
        Assert.Equal(WatchResponse.EventOneofCase.Synced, (await NextAsync(watch)).Event!.EventCase);
        var second = await PutAsync("102");
        await _client.DeleteEntryAsync(Devmap, "101");
        Assert.Equal(second.Revision, (await NextAsync(watch)).Event!.Revision);
        Assert.Equal("101", (await NextAsync(watch)).Event!.EntryDeleted.Key);
    }

    [Fact]
    public async Task ConnectionBreaks_WatchResumesWithoutASnapshotAndMissesNothing()
    {
        using var other = DevmapdClient.Connect($"unix:{_daemon.UnixSocket}");
        await using var watch = Watch();
        await UntilAsync(watch, WatchResponse.EventOneofCase.Synced);

        foreach (var key in new[] { "101", "102", "103" })
        {
            _relay.Cut();
            var put = await other.PutEntryAsync(Devmap, key, new EntrySpec { Interface = "sim1" });
            var items = await UntilAsync(watch, item => item.Event?.Entry?.Key == key);
            Assert.DoesNotContain(items, item => item.BeginsSnapshot);
            Assert.Single(items, item => item.Event!.EventCase == WatchResponse.EventOneofCase.Entry);
            Assert.Equal(put.Revision, items[^1].Event!.Revision);
        }
    }

    // The store of a simulated daemon ends with it.
    [Fact]
    public async Task DaemonIsReplacedByAnEmptyOne_WatchBeginsAgain()
    {
        await PutAsync("101");
        await PutAsync("102");
        await using var watch = Watch();
        await UntilAsync(watch, WatchResponse.EventOneofCase.Synced);

        await _daemon.StopAsync();
        await StartAsync();

        var items = await UntilAsync(watch, WatchResponse.EventOneofCase.Synced);
        Assert.Single(items, item => item.BeginsSnapshot);
        Assert.DoesNotContain(items, item => item.Event?.EventCase == WatchResponse.EventOneofCase.Entry);
    }

    [Fact]
    public async Task RevisionTooOld_BeginsWithASnapshot()
    {
        for (var key = 0; key < 200; key++) // more than the daemon keeps
            await PutAsync($"{100 + key}");
        await using var watch = Watch(revision: 2);

        Assert.True((await NextAsync(watch)).BeginsSnapshot);
    }

    [Fact]
    public async Task UnknownDevmap_IsRefused()
    {
        await using var watch = _client.WatchAsync("nosuch", cancellationToken: _deadline).GetAsyncEnumerator();

        Assert.Equal("devmap_not_found", (await Assert.ThrowsAsync<DevmapdException>(async () => await watch.MoveNextAsync())).Code);
    }

    [Fact]
    public async Task NoDaemon_IsReportedAtOnce()
    {
        await _daemon.StopAsync();
        await using var watch = Watch();

        Assert.Null((await Assert.ThrowsAsync<DevmapdException>(async () => await watch.MoveNextAsync())).Code);
    }

    [Fact]
    public async Task CancelledWatch_Ends()
    {
        using var cancellation = new CancellationTokenSource();
        await using var watch = _client.WatchAsync(Devmap, cancellationToken: cancellation.Token).GetAsyncEnumerator();
        await UntilAsync(watch, WatchResponse.EventOneofCase.Synced);

        var next = watch.MoveNextAsync();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    private async Task StartAsync()
    {
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        _daemon = DaemonProcess.Start(["--simulate", "--ControlPlane:Watch:LogCapacity=4", "--ControlPlane:History:MaxBytes=65536"], _folder.FullName);
        await _daemon.WaitReadyAsync();
    }

    private Task<Entry> PutAsync(string key) => _client.PutEntryAsync(Devmap, key, new EntrySpec { Interface = "sim1" });

    private IAsyncEnumerator<WatchItem> Watch(long? revision = null) => _client.WatchAsync(Devmap, revision, _deadline).GetAsyncEnumerator();

    private static async Task<WatchItem> NextAsync(IAsyncEnumerator<WatchItem> watch)
    {
        Assert.True(await watch.MoveNextAsync());
        return watch.Current;
    }

    private static Task<List<WatchItem>> UntilAsync(IAsyncEnumerator<WatchItem> watch, WatchResponse.EventOneofCase last) =>
        UntilAsync(watch, item => item.Event?.EventCase == last);

    private static async Task<List<WatchItem>> UntilAsync(IAsyncEnumerator<WatchItem> watch, Func<WatchItem, bool> isLast)
    {
        var items = new List<WatchItem>();
        do
            items.Add(await NextAsync(watch));
        while (!isLast(items[^1]));
        return items;
    }
}
