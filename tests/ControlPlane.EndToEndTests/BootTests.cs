using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>One of the two, the pins or the store, is lost while no daemon runs.</summary>
public sealed class BootTests
{
    [Fact]
    public async Task PinsGone_EverythingIsRebuiltFromTheStore()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await site.SteerAsync();
        await site.Http.WriteAsync<Entry>(
            $"/v1/devmaps/{Site.ByAddress}/entries/10.0.0.7", new { @interface = "nosuch0", allowPending = true, labels = new { owner = "test" } });
        await site.Http.PutEntryAsync(Site.ByVlan, "100", target.Name, Steering.Meter);
        var before = await Facts.OfApiAsync(site.Home.Channel);
        await site.Home.StopAsync();

        Directory.Delete(site.Home.PinRoot, recursive: true); // as a reboot does
        await Eventually.Async(() => !site.Space.Shell("ip", "-d", "link", "show", "dev", ingress.Name).Contains("xdp", StringComparison.Ordinal));
        await site.Home.StartAsync();

        var after = await Facts.OfApiAsync(site.Home.Channel);
        Assert.Equal(Sorted(before), Sorted(after));
        Assert.Equal(before.Revision, after.Revision);
        Assert.False((await site.Http.DevmapAsync(Site.ByInterface)).Status.Adopted);
        Assert.Equal([100u], site.KernelMap(Site.ByVlan).Keys);
        Assert.Empty(site.KernelMap(Site.ByAddress));
        await site.AssertForwardsAsync(ingress, target);
    }

    [Fact]
    public async Task StoreGone_WhatIsPinnedIsTakenOverWithoutLosingAFrame()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = await site.SteerAsync();
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(target.Far, run);
        await using var generator = TrafficGenerator.Start(ingress.Far, run, mark => Frames.Udp(mark), new TrafficPlan(FramesPerSecond: 5000));
        var before = Specs(await Facts.OfApiAsync(site.Home.Channel));
        await site.Home.StopAsync();

        foreach (var file in Directory.GetFiles(site.Home.StateDirectory))
            File.Delete(file);
        await site.Home.StartAsync();

        var view = await Facts.OfApiAsync(site.Home.Channel);
        Assert.Equal(before, Specs(view));
        Assert.Equal(Sorted(view), Facts.OfStore(site.Home.StateDirectory).All.OrderBy(f => f.Key, StringComparer.Ordinal));
        Assert.True((await site.Http.DevmapAsync(Site.ByInterface)).Status.Adopted);
        var sent = await generator.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
    }

    private static IEnumerable<KeyValuePair<string, Fact>> Sorted(ApiView view) => view.ByName().OrderBy(f => f.Key, StringComparer.Ordinal);

    private static IEnumerable<string> Specs(ApiView view) => [.. view.ByName().Select(f => $"{f.Key}: {f.Value.Spec}").Order()];
}
