using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests;

/// <summary>A table of the size an orchestrator fills.</summary>
public sealed class ScaleTests
{
    private const int Count = 100_000;
    private const int PageSize = 10_000; // the largest there is, with a client that takes no more than 4 MiB at once

    [Fact]
    public async Task HundredThousandEntries_ByUnaryCalls_AreListedOnceEachAndGoAgain()
    {
        await using var testbed = await Testbed.StartAsync();
        var target = testbed.AddPort();
        await ManyEntries.PutAsync(testbed.Client, Count, _ => target.Name);

        var keys = new HashSet<string>();
        await foreach (var entry in testbed.Client.ListEntriesAsync(new() { Devmap = Testbed.ByAddress, PageSize = PageSize }))
            Assert.True(keys.Add(entry.Key), $"{entry.Key} twice");
        Assert.Equal(Count, keys.Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(ManyEntries.Key).ToHashSet(), keys);
        Assert.Equal(Count, testbed.KernelMap(Testbed.ByAddress).Count);

        // The next daemon adopts all of them.
        await testbed.Runner.KillAsync();
        await testbed.Runner.StartAsync();
        Assert.Equal(Count, (await testbed.Http.DevmapAsync(Testbed.ByAddress)).Status.Entries);

        await ManyEntries.DeleteAsync(testbed.Client, Count / 10);
        Assert.Equal(Count - (Count / 10), testbed.KernelMap(Testbed.ByAddress).Count);
    }
}
