using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Lost frames are counted with their cause, in the entry, the devmap and the metrics.</summary>
public sealed class CounterTests
{
    private const string First = "10.0.0.1", Second = "10.0.0.2", Third = "10.0.0.3";

    [Fact]
    public async Task TargetDown_DropsAreCountedByEntryAndDevmap()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, First, target.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, Second, target.Name);
        target.Pair.SetUp(false);

        Send(ingress, target, First, 7);

        await Eventually.Async(async () => (await DropsAsync(testbed, Testbed.ByAddress, First)).SequenceEqual([("targetDown", 7ul)]));
        Assert.Empty(await DropsAsync(testbed, Testbed.ByAddress, Second));
        var devmap = (await testbed.Http.DevmapAsync(Testbed.ByAddress)).Status;
        Assert.Equal([new CauseCount("targetDown", 7)], devmap.Drops.Causes);
        Assert.Empty((await testbed.Http.DevmapAsync(Testbed.ByVlan)).Status.Drops.Causes);
        var metrics = await testbed.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains($$"""devmapd_devmap_drops_total{devmap="{{Testbed.ByAddress}}",cause="targetDown"} 7""", metrics, StringComparison.Ordinal);
        Assert.Contains($$"""devmapd_entry_drops_total{devmap="{{Testbed.ByAddress}}",key="{{First}}",interface="{{target.Name}}"} 7""", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PeerDown_DropsAreCountedByTarget_AndByEntryWhereTheKeyIsTheIngress()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
        target.Pair.SetPeerUp(false);

        Send(ingress, target, First, 5);

        await Eventually.Async(async () => (await DropsAsync(testbed, Testbed.ByInterface, ingress.Name)).SequenceEqual([("peerDown", 5ul)]));
        var drops = Assert.Single((await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Drops.Targets);
        Assert.Equal((target.Name, "peerDown", 5ul), (drops.Interface, drops.Drops.Cause, drops.Drops.Packets));
    }

    [Fact]
    public async Task KeyMissing_IsSampledInItsTextForm()
    {
        await using var testbed = await Testbed.StartAsync();
        var ingress = testbed.AddPort();
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);

        Send(ingress, ingress, Third, 3);

        await Eventually.Async(async () => (await testbed.Http.DevmapAsync(Testbed.ByAddress)).Status.MissedKeys is [{ Key: Third, Packets: 3 }]);
    }

    [Fact]
    public async Task Metrics_HaveOnlyTheBusiestEntries()
    {
        await using var testbed = await Testbed.StartAsync(arguments: "--ControlPlane:Metrics:TopEntries=2");
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        foreach (var (key, frames) in ((string, int)[])[(First, 3), (Second, 1), (Third, 2)])
        {
            await testbed.Http.PutEntryAsync(Testbed.ByAddress, key, target.Name);
            Send(ingress, target, key, frames);
        }

        var metrics = await testbed.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));

        Assert.Contains($$"""devmapd_entry_packets_total{devmap="{{Testbed.ByAddress}}",key="{{First}}",interface="{{target.Name}}"} 3""", metrics, StringComparison.Ordinal);
        Assert.Contains($$"""key="{{Third}}",interface="{{target.Name}}"} 2""", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain($"key=\"{Second}\"", metrics, StringComparison.Ordinal);
    }

    private static async Task<IEnumerable<(string, ulong)>> DropsAsync(Testbed testbed, string devmap, string key) =>
        (await testbed.Http.EntryAsync(devmap, key)).Status.Drops.Select(d => (d.Cause, d.Packets));

    private static void Send(Port from, Port to, string destination, int frames)
    {
        var run = FrameMark.NewRun();
        from.Send([.. Enumerable.Range(0, frames).Select(i => Frames.Udp(new FrameMark(run, (uint)i), destination))], run, to);
    }
}
