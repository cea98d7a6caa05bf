using ControlPlane.Core.Model;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>The settings of a devmap change while frames flow, and no frame is lost.</summary>
public sealed class DevmapChangeTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private static readonly DevmapRecord Definition = new("change", new DevmapSpec(64, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    [InlineData(AttachMode.Tcx)]
    public async Task EverySetting_ChangesWithoutLosingAFrame(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition with { Spec = Definition.Spec with { Counters = false } });
        devmap.Update(Key, testbed.Target.Ifindex, actions: new EntryActions(SourceMac: new MacAddress(0x020000000042)));
        devmap.Update(Key + 1, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 100);

        Func<DevmapSpec, DevmapSpec>[] changes =
        [
            s => s with { MissAction = MissAction.Pass }, s => s with { Counters = true }, s => s with { CompleteChecksums = CompleteChecksums.Off },
            s => s with { RedirectPeer = RedirectPeer.Off }, s => s with { Counters = false }, s => s with { MissAction = MissAction.Abort, CompleteChecksums = CompleteChecksums.On },
            s => s with { Counters = true, MissAction = MissAction.Drop },
        ];
        foreach (var change in changes)
        {
            devmap.Change(change);
            devmap.Count(Key + 1);
            var before = receiver.Delivered;
            await Eventually.Async(() => receiver.Delivered > before + 100);
            Assert.Equal(new EntryActions(SourceMac: new MacAddress(0x020000000042)), devmap.Kernel.ReadActions(Key));
        }

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.InRange(devmap.Kernel.ReadCounters(Key).Packets, 200ul, (ulong)sent);
        Assert.Equal(devmap.Kernel.ReadCounters(Key).Packets, devmap.Kernel.ReadTotals()!.Value.RedirectedPackets);
    }

    [Fact]
    public async Task CountersTurnedOn_CountWithoutAGapAtTheElement()
    {
        using var devmap = testbed.Open(Definition with { Spec = Definition.Spec with { Counters = false } });
        devmap.Update(Enumerable.Range(0, 60).Select(i => Key + (uint)i), testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 100);
        devmap.Change(s => s with { Counters = true });
        for (var i = 0u; i < 60; i++)
            devmap.Count(Key + i);
        await Eventually.Async(() => devmap.Kernel.ReadCounters(Key).Packets > 100);
        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(0ul, devmap.Kernel.ReadCounters(Key + 1).Packets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CrashWithinAChange_IsFinishedOrUndoneByTheNextStart(bool staged)
    {
        var off = Definition with { Spec = Definition.Spec with { Counters = false } };
        using var devmap = testbed.Open(off);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        var pins = new DevmapPins(testbed.PinFolder(Definition.Name));
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 100);

        devmap.Restart(() => testbed.Space.Run(() => Begin(pins, staged)), definition: Definition);

        Assert.False(Directory.Exists(pins.NextCountsFolder));
        Assert.False(File.Exists(DevmapPins.Next(pins.Redirect)));
        devmap.Count(Key);
        await Eventually.Async(() => devmap.Kernel.ReadCounters(Key).Packets > 100);
        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
    }

    // A daemon does this before it is killed, with no link switched.
    private static void Begin(DevmapPins pins, bool staged)
    {
        EntryMaps.MakeRoomToCount(Definition, pins);
        using var built = BpfObject.OpenEmbedded("redirect.bpf.o");
        RedirectUpgrade.Load(pins, built, DevmapCreation.ConfigOf(Definition), RedirectPrograms.Xdp);
        if (staged)
            RedirectUpgrade.Stage(pins, built, RedirectPrograms.Xdp);
    }
}
