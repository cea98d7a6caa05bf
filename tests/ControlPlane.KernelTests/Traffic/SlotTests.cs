using ControlPlane.Core.Model;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Tables and devmaps give way to others while frames flow.</summary>
public sealed class SlotTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private const uint Others = 20_000;
    private const double FramesPerSecond = 10_000;
    private static readonly DevmapRecord Definition = new("slots", new DevmapSpec(60_000, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    public static TheoryData<AttachMode> Modes { get; } = [AttachMode.Native, AttachMode.Generic, AttachMode.Tcx];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task TableThatGrows_LosesNoFrameAndNoCount(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: FramesPerSecond));
        await Eventually.Async(() => receiver.Delivered > 100);

        devmap.Update(Enumerable.Range(1, (int)Others).Select(key => (uint)key), testbed.Other.Ifindex);
        for (var key = 1u; key <= Others; key += 100)
            devmap.Delete(key);

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent, devmap.Kernel.ReadCounters(Key).Packets);
        Assert.Equal(sent, devmap.Kernel.ReadTotals()!.Value.RedirectedPackets);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Candidate_TakesOverWithoutLosingAFrameAndIsUnseenBefore(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        var pins = new DevmapPins(testbed.PinFolder(Definition.Name));
        using var slots = new Slots(Definition.Name, pins);
        using var first = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_RDONLY);
        using var firstTable = IdTable.Open(pins.Table, slots.ActiveHash);
        using var second = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_DEVMAP_HASH, "second", Definition.Spec.ValueSize, 16);
        using var secondTable = IdTable.Create(16);
        var (id, otherId) = (firstTable.Find(Key), firstTable.Find(Key) + 1);
        Assert.True(secondTable.TryAdd(Key, otherId));
        testbed.Space.Run(() => Assert.Equal(0, BpfMap.Update(second, Key, new bpf_devmap_val_write { ifindex = testbed.Other.Ifindex })));
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        using var other = TrafficReceiver.Start(testbed.Other.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: FramesPerSecond));
        await Eventually.Async(() => receiver.Delivered > 100);

        for (var swap = 0; swap < 4; swap++)
        {
            var (map, table, to) = swap % 2 == 0 ? (second, secondTable, other) : (first, firstTable, receiver);
            slots.Prepare(map, table);
            var unseen = to.Delivered;
            await Task.Delay(20);
            Assert.Equal(unseen, to.Delivered);
            slots.Switch();
            slots.Release(map);
            await Eventually.Async(() => to.Delivered > unseen + 100);
        }

        var sent = await traffic.StopAsync();
        await Eventually.Async(() => receiver.Delivered + other.Delivered >= sent);
        Assert.Equal(sent, receiver.Delivered + other.Delivered);
        using var counters = new IdCounters(pins.ExistingCounts);
        Assert.Equal((receiver.Delivered, other.Delivered), (counters.Read(id).packets, counters.Read(otherId).packets));
    }
}
