using ControlPlane.EndToEndTests.Support;
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
        await using var testbed = await Testbed.StartAsync();
        var target = testbed.AddPort();
        await ManyEntries.PutAsync(testbed.Runner.Channel, Count, _ => target.Name);

        var daemon = new DevmapService.DevmapServiceClient(testbed.Runner.Channel);
        var keys = new HashSet<string>();
        var request = new ListEntriesRequest { Devmap = Testbed.ByAddress, PageSize = PageSize };
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
        Assert.Equal(Count, testbed.KernelMap(Testbed.ByAddress).Count);

        // The next daemon adopts all of them.
        await testbed.Runner.KillAsync();
        await testbed.Runner.StartAsync();
        Assert.Equal(Count, (await testbed.Http.DevmapAsync(Testbed.ByAddress)).Status.Entries);

        await ManyEntries.DeleteAsync(testbed.Runner.Channel, Count / 10);
        Assert.Equal(Count - (Count / 10), testbed.KernelMap(Testbed.ByAddress).Count);
    }
}
