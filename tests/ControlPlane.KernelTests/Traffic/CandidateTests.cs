using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Frames flow while whole tables take each other's place.</summary>
public sealed class CandidateTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private const int Entries = 10_000;
    private const int Tables = 20;
    private const double FramesPerSecond = 10_000;
    private static readonly DevmapRecord Definition = new("tables", new DevmapSpec(20_000, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    public static TheoryData<AttachMode> Modes { get; } = [AttachMode.Native, AttachMode.Generic, AttachMode.Tcx];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Tables_ThatKeepTheEntry_LoseNoFrameAndNoCount(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: FramesPerSecond));
        await Eventually.Async(() => receiver.Delivered > 100);

        for (var table = 0; table < Tables; table++)
        {
            // Keys that come and go, another capacity each time, and writes to both tables.
            var from = (uint)(1_000_000 + (table * 1000));
            await SwitchAsync(devmap, Definition.Spec.MaxEntries + (uint)table, candidate =>
            {
                candidate.Update(Scope, Key, testbed.Target.Ifindex, null);
                for (var key = from; key < from + Entries; key++)
                    candidate.Update(Scope, key, testbed.Other.Ifindex, null);
            });
            devmap.Update([1u, 2u, (uint)table + 10], testbed.Other.Ifindex);
            devmap.Delete(from);
        }

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent, devmap.Kernel.ReadCounters(Key).Packets);
        Assert.Equal((sent, 0ul), devmap.Kernel.ReadTotals() is { } totals ? (totals.RedirectedPackets, totals.MissedPackets) : default);
        // All else was written to count from zero, whichever entry had its id before.
        Assert.All(Enumerable.Range(1_000_000, 30_000), key => Assert.Equal(0ul, devmap.Kernel.ReadCounters((uint)key).Packets));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Tables_ThatChangeTargetAndActions_SendEachFrameByOneOfThem(AttachMode mode)
    {
        MacAddress[] macs = [new(0x020000000001), new(0x020000000002)];
        using var devmap = testbed.Open(Definition with { Name = "pairs" });
        devmap.Update(Key, testbed.Target.Ifindex, actions: new EntryActions(SourceMac: macs[0]));
        devmap.Attach(testbed.Ingress, mode);
        var run = FrameMark.NewRun();
        using var target = TrafficReceiver.Start(testbed.Target.Far, run);
        using var other = TrafficReceiver.Start(testbed.Other.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: FramesPerSecond));
        await Eventually.Async(() => target.Delivered > 100);

        for (var table = 1; table <= Tables; table++)
        {
            var (to, before) = (table % 2 == 0 ? testbed.Target : testbed.Other, table % 2 == 0 ? target.Delivered : other.Delivered);
            await SwitchAsync(devmap, Definition.Spec.MaxEntries, candidate => candidate.Update(
                Scope, Key, to.Ifindex, null, actions: new EntryActions(SourceMac: macs[table % 2])));
            await Eventually.Async(() => (table % 2 == 0 ? target.Delivered : other.Delivered) > before + 20);
        }

        var sent = await traffic.StopAsync();
        await Eventually.Async(() => target.Delivered + other.Delivered >= sent);
        Assert.Equal(sent, target.Delivered + other.Delivered);
        Assert.Equal(sent, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Fact]
    public async Task Memory_OfTheTableBefore_IsGivenBack()
    {
        using var devmap = testbed.Open(Definition with { Name = "memory" });
        var pins = new DevmapPins(testbed.PinFolder("memory"));
        for (var table = 0; table < 3; table++)
        {
            var old = devmap.Kernel.MapId;
            await SwitchAsync(devmap, Definition.Spec.MaxEntries, candidate => candidate.Update(Scope, Key, testbed.Target.Ifindex, null));
            await Eventually.Async(() => !MapExists(old));
        }

        var given = devmap.Kernel.BeginCandidate(Scope, devmap.Kernel.Definition, 1);
        await given.Made;
        testbed.Space.Run(() => given.Update(Scope, Key, testbed.Target.Ifindex, null));
        var id = given.MapId;
        given.Release(Scope);
        await Eventually.Async(() => !MapExists(id) && !File.Exists(pins.Candidate));
        Assert.False(File.Exists(DevmapPins.Next(pins.Active)));
        Assert.False(File.Exists(DevmapPins.Next(pins.Table)));
    }

    private static WriterScope Scope => KernelTestbed.Scope;

    private static bool MapExists(uint id) => Shell.Run("bpftool", "map", "list").Split('\n').Any(line => line.StartsWith($"{id}:", StringComparison.Ordinal));

    private async Task SwitchAsync(TestDevmap devmap, uint maxEntries, Action<ICandidate> fill)
    {
        var definition = devmap.Kernel.Definition;
        var candidate = devmap.Kernel.BeginCandidate(Scope, definition with { Spec = definition.Spec with { MaxEntries = maxEntries } }, Entries);
        await candidate.Made;
        testbed.Space.Run(() => fill(candidate));
        candidate.Switch(Scope);
        candidate.Release(Scope);
    }
}
