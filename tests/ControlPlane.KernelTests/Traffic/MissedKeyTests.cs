using ControlPlane.Core.Model;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>The sample of missed keys, from real frames.</summary>
public sealed class MissedKeyTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private static readonly DevmapRecord Small = new("missing", new DevmapSpec(4, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public async Task MissedKeys_AreSampledWithPacketsAndTime_HitsAreNot(AttachMode mode)
    {
        using var devmap = testbed.Open(Small);
        devmap.Update(0x0a000001, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        Assert.Empty(devmap.Kernel.ReadMissedKeys());
        var before = DateTimeOffset.UtcNow;

        Send("10.0.0.1", 3);
        Send("10.0.0.2", 5);
        Send("0.0.0.0", 2);
        await Eventually.Async(() => devmap.Kernel.ReadTotals()!.Value.MissedPackets == 7);

        var missed = devmap.Kernel.ReadMissedKeys();
        Assert.Equal([(0u, 2ul), (0x0a000002u, 5ul)], missed.Select(m => (m.KernelKey, m.Packets)).Order());
        Assert.All(missed, m => Assert.InRange(m.LastSeen, before - TimeSpan.FromSeconds(1), DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task MoreKeysThanPlaces_TheLastOneIsAlwaysThere()
    {
        using var devmap = testbed.Open(Small);
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        for (var i = 0; i < 250; i++)
            Send($"10.0.1.{i}", 1);
        await Eventually.Async(() => devmap.Kernel.ReadTotals()!.Value.MissedPackets == 250);

        var missed = devmap.Kernel.ReadMissedKeys();
        // Sequential keys spread over nearly all places; those of another CPU come on top, and the newest 64 are reported.
        Assert.InRange(missed.Count, 40, 64);
        Assert.Contains(missed, m => m.KernelKey == 0x0a0001f9);
        Assert.Equal(missed.Count, missed.Select(m => m.KernelKey).Distinct().Count());
    }

    [Fact]
    public async Task AfterARestart_TheSampleIsThere()
    {
        using var devmap = testbed.Open(Small);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        Send("10.0.0.2", 1);
        await Eventually.Async(() => devmap.Kernel.ReadMissedKeys().Count == 1);

        devmap.Restart(() => Send("10.0.0.2", 1));

        await Eventually.Async(() => devmap.Kernel.ReadMissedKeys() is [{ Packets: 2 }]);
    }

    [Fact]
    public void CountersOff_NothingIsSampled()
    {
        using var devmap = testbed.Open(Small with { Spec = Small.Spec with { Counters = false, MissAction = MissAction.Pass } });
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        var run = Send("10.0.0.2", 1);

        Assert.Single(testbed.Ingress.Near.Receive(run, 1, Patience.OfSeconds(10)));
        Assert.Empty(devmap.Kernel.ReadMissedKeys());
    }

    private ulong Send(string address, int frames)
    {
        var run = FrameMark.NewRun();
        for (var i = 0; i < frames; i++)
            testbed.Ingress.Far.Send(Frames.Udp(new FrameMark(run, (ulong)i), address));
        return run;
    }
}
