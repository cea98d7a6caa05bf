using ControlPlane.EndToEndTests.World;
using Devmapd.V1;

namespace ControlPlane.EndToEndTests;

/// <summary>A table of the size an orchestrator fills.</summary>
public sealed class ScaleTests
{
    private const int Count = 100_000;
    private const int PageSize = 10_000; // the largest there is, with a client that takes no more than 4 MiB at once
    private const int MaxPages = Count / 100;

    [Fact]
    public async Task HundredThousandEntries_ByUnaryCalls_AreListedOnceEachAndGoAgain()
    {
        await using var site = await Site.StartAsync();
        var target = site.AddPort();
        await ManyEntries.PutAsync(site.Home.Channel, Count, _ => target.Name);

        var daemon = new DevmapService.DevmapServiceClient(site.Home.Channel);
        var keys = new HashSet<string>();
        var request = new ListEntriesRequest { Devmap = Site.ByAddress, PageSize = PageSize };
        var pages = 0;
        do
        {
            var page = await daemon.ListEntriesAsync(request);
            Assert.All(page.Entries, e => Assert.True(keys.Add(e.Key), $"{e.Key} twice"));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0 && ++pages < MaxPages);
        Assert.Equal(Count, keys.Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(ManyEntries.Key).ToHashSet(), keys);
        Assert.Equal(Count, site.KernelMap(Site.ByAddress).Count);

        // All of it is adopted by the next daemon.
        await site.Home.KillAsync();
        await site.Home.StartAsync();
        Assert.Equal(Count, (await site.Http.DevmapAsync(Site.ByAddress)).Status.Entries);

        await ManyEntries.DeleteAsync(site.Home.Channel, Count / 10);
        Assert.Equal(Count - (Count / 10), site.KernelMap(Site.ByAddress).Count);
    }
}
