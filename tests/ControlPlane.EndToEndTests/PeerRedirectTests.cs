using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Frames go to the peers of targets directly only where the redirect program sees what is at the egress of a target.</summary>
public sealed class PeerRedirectTests
{
    private static readonly string[] WithoutBtf =
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", "mount --bind /dev/null /sys/kernel/btf/vmlinux && exec \"$@\"", "sh"];

    [Fact]
    public async Task HostWithoutBtf_ForwardsThroughTargets()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByInterface, ingress.Name, "tcx");
        await testbed.Http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
        Assert.Equal("PeerDirectly", await WayAsync());
        var (run, address) = (FrameMark.NewRun(), target.Pair.PeerMac);
        using var receiver = TrafficReceiver.Start(target.Far, run);
        await using var generator = TrafficGenerator.Start(ingress.Far, run, mark => Frames.WithMacs(Frames.Udp(mark), Frames.Source, address), new TrafficPlan(FramesPerSecond: 5_000));

        Assert.Equal("PeerRedirectNotSupported false", await RestartAsync(WithoutBtf));
        Assert.Equal("PeerRedirectOff false", await RestartAsync([], "--ControlPlane:Devmaps:0:RedirectPeer=off"));
        Assert.Equal("PeerDirectly true", await RestartAsync([]));

        var sent = await generator.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));

        // Returns the way of a frame by the explanation and whether the count of those that go to the peer grows.
        async Task<string> RestartAsync(string[] wrapper, params string[] arguments)
        {
            Assert.Equal(0, await testbed.Runner.StopAsync());
            testbed.Runner.Wrapper = wrapper;
            await testbed.Runner.StartAsync(arguments);
            var (before, direct) = (receiver.Delivered, await DirectAsync());
            await Eventually.Async(() => receiver.Delivered > before + 500);
            return $"{await WayAsync()} {(await DirectAsync() > direct ? "true" : "false")}";
        }

        async Task<ulong> DirectAsync() => (await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Traffic.PeerRedirectedPackets;

        async Task<string> WayAsync() => (await testbed.Http.ReadAsync<Explanation>($"/v1/devmaps/{Testbed.ByInterface}/entries/{ingress.Name}:explain")).Steps[^1].Reason;
    }
}
