using Devmapd.V1;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>A page of large entries ends before clients refuse it.</summary>
public sealed class EntryPageTests : IAsyncLifetime
{
    private const int MaxBytes = 7 * 512 * 1024;
    private const int Entries = 400;
    private GrpcDaemon _daemon = null!;
    private DevmapService.DevmapServiceClient _devmaps = null!;

    public async Task InitializeAsync()
    {
        _daemon = await GrpcDaemon.StartAsync();
        _devmaps = new DevmapService.DevmapServiceClient(_daemon.Channel);
    }

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    // Quotes take one byte in a message and six in JSON.
    [Theory]
    [InlineData('x')]
    [InlineData('"')]
    public async Task ListEntries_LargeLabels_EndsPagesBeforeTheLimit(char filler)
    {
        var spec = new EntrySpec { Interface = "veth-b" };
        for (var i = 0; i < 32; i++)
            spec.Labels.Add($"{i:D2}{new string('n', 61)}", new string(filler, 256));
        await Parallel.ForAsync(0, Entries, async (i, token) =>
            await _devmaps.PutEntryAsync(new() { Devmap = "routes", Key = $"10.0.{i / 256}.{i % 256}", Spec = spec }, cancellationToken: token));

        var keys = new HashSet<string>();
        var request = new ListEntriesRequest { Devmap = "routes", PageSize = 10_000 };
        var pages = 0;
        do
        {
            var page = await _devmaps.ListEntriesAsync(request);
            Assert.NotEmpty(page.Entries);
            Assert.InRange(page.CalculateSize(), 0, MaxBytes);
            Assert.All(page.Entries, e => Assert.True(keys.Add(e.Key)));
            request.PageToken = page.NextPageToken;
            pages++;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(Entries, keys.Count);
        Assert.True(pages > 1);
    }
}
