using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Pins or store are lost while no daemon runs.</summary>
[Trait("Group", "losses")]
public sealed class LostStateTests
{
    [Fact]
    public async Task PinsLost_EverythingIsRebuiltFromTheStore()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        await testbed.Http.WriteAsync<Entry>(
            $"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.7?allowPending=true", new { @interface = "nosuch0", labels = new { owner = "test" } });
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "100", target.Name, Steering.Meter);
        var before = await ResourceVersions.OfApiAsync(testbed.Client);
        await testbed.Runner.StopAsync();

        Directory.Delete(testbed.Runner.PinRoot, recursive: true); // as a reboot does
        await Eventually.Async(() => !testbed.Space.Shell("ip", "-d", "link", "show", "dev", ingress.Name).Contains("xdp", StringComparison.Ordinal));
        await testbed.Runner.StartAsync();

        var after = await ResourceVersions.OfApiAsync(testbed.Client);
        Assert.Equal(Sorted(before), Sorted(after));
        Assert.Equal(before.Revision, after.Revision);
        Assert.False((await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Adopted);
        Assert.Equal([100u], testbed.KernelMap(Testbed.ByVlan).Keys);
        Assert.Empty(testbed.KernelMap(Testbed.ByAddress));
        await testbed.AssertForwardsAsync(ingress, target);
    }

    [Fact]
    public async Task StoreLost_PinnedObjectsAreAdoptedWithoutLosingAFrame()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(target.Far, run);
        await using var generator = TrafficGenerator.Start(ingress.Far, run, mark => Frames.Udp(mark), new TrafficPlan(FramesPerSecond: 5000));
        var before = Specs(await ResourceVersions.OfApiAsync(testbed.Client));
        await testbed.Runner.StopAsync();

        foreach (var file in Directory.GetFiles(testbed.Runner.StateDirectory))
            File.Delete(file);
        await testbed.Runner.StartAsync();

        var view = await ResourceVersions.OfApiAsync(testbed.Client);
        Assert.Equal(before, Specs(view));
        Assert.Equal(Sorted(view), ResourceVersions.OfStore(testbed.Runner.StateDirectory).All.OrderBy(f => f.Key, StringComparer.Ordinal));
        Assert.True((await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Adopted);
        var sent = await generator.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
    }

    private static IEnumerable<KeyValuePair<string, ResourceVersion>> Sorted(ApiListing view) => view.ByName().OrderBy(f => f.Key, StringComparer.Ordinal);

    private static IEnumerable<string> Specs(ApiListing view) => [.. view.ByName().Select(f => $"{f.Key}: {f.Value.Spec}").Order()];
}
