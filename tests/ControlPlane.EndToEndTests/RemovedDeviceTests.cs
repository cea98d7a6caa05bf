using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Walks of a map while the kernel removes elements of it, because their devices are removed.</summary>
[Trait("Group", "losses")]
public sealed class RemovedDeviceTests
{
    private const int Devices = 200;
    private const int Entries = 5000;

    [Fact]
    public async Task List_WhileDevicesAreRemoved_HasEachEntryOnceAndMissesNoSurvivor()
    {
        await using var testbed = await Testbed.StartAsync();
        var bridges = await FillAsync(testbed);
        var doomed = bridges.Names.Where((_, i) => i % 2 == 1).ToHashSet();
        var survivors = Enumerable.Range(0, Entries).Where(n => !doomed.Contains(Target(bridges, n))).Select(ManyEntries.Key).ToHashSet();

        var removal = Task.Run(() => bridges.Remove(doomed));
        var lists = 0;
        for (var last = false; !last; lists++)
        {
            last = removal.IsCompleted; // one more after it
            var all = await testbed.Http.ListAsync(Testbed.ByAddress, "pageSize=97");
            Assert.Equal(Entries, all.Count);
            Assert.Equal(Entries, all.Select(e => e.Key).Distinct().Count());
            var forwarding = (await testbed.Http.ListAsync(Testbed.ByAddress, "pageSize=97&state=Forwarding")).Select(e => e.Key).ToList();
            Assert.Equal(forwarding.Count, forwarding.Distinct().Count());
            Assert.Superset(survivors, forwarding.ToHashSet());
        }

        await removal;
        Assert.True(lists > 1, "the devices had gone before there was anything to see");
        var pending = await testbed.Http.ListAsync(Testbed.ByAddress, "pageSize=1000&state=Pending");
        Assert.Equal(Entries - survivors.Count, pending.Count);
        Assert.Equal(survivors.Count, testbed.KernelMap(Testbed.ByAddress).Count);

        bridges.Add(doomed);
        await Eventually.Async(() => testbed.KernelMap(Testbed.ByAddress).Count == Entries);
        Assert.Equal(Entries, (await testbed.Http.ListAsync(Testbed.ByAddress, "pageSize=1000&state=Forwarding")).Count);
    }

    [Fact]
    public async Task Start_WhileDevicesAreRemoved_AdoptsEverySurvivor()
    {
        await using var testbed = await Testbed.StartAsync();
        var bridges = await FillAsync(testbed);
        var doomed = bridges.Names.Where((_, i) => i % 2 == 0).ToHashSet();
        await testbed.Runner.KillAsync();

        var removal = Task.Run(() => bridges.Remove(doomed));
        await testbed.Runner.StartAsync();
        await removal;

        var survivors = Enumerable.Range(0, Entries).Where(n => !doomed.Contains(Target(bridges, n))).Select(ManyEntries.Key).ToHashSet();
        // Entries whose devices were removed after the adoption are still desired.
        await Eventually.Async(async () =>
            (await testbed.Http.ListAsync(Testbed.ByAddress, "pageSize=1000&state=Forwarding")).Select(e => e.Key).ToHashSet().SetEquals(survivors));
        var all = await testbed.Http.ListAsync(Testbed.ByAddress, "pageSize=1000");
        Assert.Equal(all.Count, all.Select(e => e.Key).Distinct().Count());
        Assert.All(all, e => Assert.Equal(survivors.Contains(e.Key) ? "Forwarding" : "Pending", e.Status.State));
    }

    private static string Target(Bridges bridges, int number) => bridges.Names[number % Devices];

    // Bridges accept redirected frames only in generic mode. With one such attachment their entries are Forwarding.
    private static async Task<Bridges> FillAsync(Testbed testbed)
    {
        var bridges = new Bridges(testbed.Space, Devices);
        bridges.Add(bridges.Names);
        await testbed.Http.AttachAsync(Testbed.ByAddress, testbed.AddPort().Name, "generic");
        await ManyEntries.PutAsync(testbed.Client, Entries, n => Target(bridges, n));
        return bridges;
    }
}
