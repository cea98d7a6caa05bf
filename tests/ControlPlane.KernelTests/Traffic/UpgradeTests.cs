using ControlPlane.Core.Model;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>A start finds the redirect program of another build and puts its own in its place while frames flow.</summary>
public sealed class UpgradeTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private const string OtherAddress = "10.0.0.8";
    private static readonly DevmapRecord Definition = new("upgrade", new DevmapSpec(4, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    private DevmapPins Pins => new(testbed.PinFolder(Definition.Name));

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public async Task AnotherBuildsProgram_IsReplacedWithoutLosingAFrame(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update(Key, testbed.Target.Ifindex);
        var link = devmap.Attach(testbed.Ingress, mode);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 100);

        for (var upgrade = 0; upgrade < 4; upgrade++)
        {
            var ours = devmap.Kernel.RedirectProgramId;
            var other = OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: upgrade % 3 != 0);
            Assert.NotEqual(ours, other);
            var before = receiver.Delivered;
            await Eventually.Async(() => receiver.Delivered > before + 200, what: $"frames arrive after upgrade {upgrade}");

            devmap.Restart();

            Assert.NotEqual(other, devmap.Kernel.RedirectProgramId);
            Assert.Equal([link with { ProgramId = 0 }], devmap.Kernel.Links.Select(l => l with { ProgramId = 0 }));
            Assert.Equal(IdOf(mode == AttachMode.Native ? Pins.Complete : Pins.Redirect), ProgramOf(Pins.Link(testbed.Ingress.Pair.Name)));
            Assert.False(File.Exists(DevmapPins.Next(Pins.Redirect)));
            Assert.False(File.Exists(Pins.NextConfig));
            Assert.True(Pin.HasConfig(Pins.Config, devmapd_kind.Redirect, DevmapCreation.ConfigOf(Definition)));
            devmap.Kernel.ReadMissedKeys();
        }

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Theory]
    [InlineData(1u, AttachMode.Native)]
    [InlineData(2u, AttachMode.Generic)]
    [InlineData(3u, AttachMode.Native)]
    [InlineData(3u, AttachMode.Tcx)]
    public async Task BuildThatCountedByKey_IsTakenOverWithItsCountsAndWithoutLosingAFrame(uint version, AttachMode mode)
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update([Key, Key + 1], testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        var before = devmap.Kernel.ReadTotals()!.Value.RedirectedPackets;
        devmap.Restart(() => OtherBuild.RunOld(Pins.Folder, version), startNow: false);
        Assert.Equal((version > 1, version > 2), (File.Exists(Pins.Missed), File.Exists(Pins.Complete)));
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, mark.Sequence % 4 == 0 ? OtherAddress : Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 200);

        devmap.Start();
        var upgraded = receiver.Delivered;
        await Eventually.Async(() => receiver.Delivered > upgraded + 200);
        devmap.Restart();

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent - ((sent + 3) / 4), devmap.Kernel.ReadCounters(Key).Packets);
        Assert.Equal((sent + 3) / 4, devmap.Kernel.ReadCounters(Key + 1).Packets);
        Assert.Equal(before + sent, devmap.Kernel.ReadTotals()!.Value.RedirectedPackets);
        Assert.False(File.Exists(Pins.OldCounters) || File.Exists(Pins.OldSlot));
        Assert.True(Pin.HasConfig(Pins.Config, devmapd_kind.Redirect, DevmapCreation.ConfigOf(Definition)));
        devmap.Kernel.ReadMissedKeys();
    }

    [Fact]
    public void BuildThatCountedByKey_IsTakenOverAlsoAfterACrashInTheMiddle()
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        devmap.Restart(
            () =>
            {
                OtherBuild.RunOld(Pins.Folder, version: 3);
                testbed.Ingress.Far.Send(Frames.Udp(new FrameMark(FrameMark.NewRun(), 0), Address));
                // As far as one that was cut off before it staged its programs.
                EntryMaps.Add(Definition, Pins);
            });

        Assert.Equal(1ul, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Fact]
    public void SameBuild_KeepsTheProgram()
    {
        using var devmap = testbed.Open(Definition);
        var before = devmap.Kernel.RedirectProgramId;

        devmap.Restart();

        Assert.Equal(before, devmap.Kernel.RedirectProgramId);
    }

    [Fact]
    public void UpgradeCutOffBeforeItWasDecided_IsTakenBackAndDone()
    {
        using var devmap = testbed.Open(Definition);
        OtherBuild.RunOld(testbed.PinFolder(Definition.Name), version: 1);
        using (var config = Pin.OpenMap(Pins.Config, BpfConstants.BPF_F_RDONLY))
            Pin.Make(config, Pins.NextConfig);

        devmap.Restart();

        Assert.False(File.Exists(Pins.NextConfig));
        Assert.True(Pin.HasConfig(Pins.Config, devmapd_kind.Redirect, DevmapCreation.ConfigOf(Definition)));
        Assert.True(File.Exists(Pins.Missed));
    }

    [Fact]
    public void UpgradeCutOffBetweenConfigAndProgram_IsFinished()
    {
        using var devmap = testbed.Open(Definition);
        OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: true);
        var other = OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: false);
        File.Move(Pins.NextConfig, Pins.Config, overwrite: true);

        devmap.Restart();

        Assert.NotEqual(other, devmap.Kernel.RedirectProgramId);
        Assert.False(File.Exists(DevmapPins.Next(Pins.Redirect)));
    }

    private static uint IdOf(string path)
    {
        using var program = Pin.OpenProgram(path);
        return BpfInfo.OfProgram(program).id;
    }

    private static uint ProgramOf(string path)
    {
        using var link = Pin.OpenLink(path);
        return BpfInfo.OfLink(link).prog_id;
    }
}
