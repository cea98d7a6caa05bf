using ControlPlane.Core.Model;
using ControlPlane.Kernel.Devmaps;
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

        for (var upgrade = 0; upgrade < 5; upgrade++)
        {
            var ours = devmap.Kernel.RedirectProgramId;
            var other = OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: upgrade % 3 != 0, withoutMissedKeys: upgrade >= 2);
            Assert.NotEqual(ours, other);
            Assert.Equal(upgrade < 2, File.Exists(Pins.Missed));
            var before = receiver.Delivered;
            await Eventually.Async(() => receiver.Delivered > before + 200);

            devmap.Restart();

            Assert.NotEqual(other, devmap.Kernel.RedirectProgramId);
            Assert.Equal([link], devmap.Kernel.Links);
            Assert.Equal(devmap.Kernel.RedirectProgramId, ProgramOf(Pins.Link(testbed.Ingress.Pair.Name)));
            Assert.False(File.Exists(Pins.NextRedirect));
            Assert.False(File.Exists(Pins.NextConfig));
            Assert.True(Pin.HasConfig(Pins.Config, devmapd_kind.Redirect, DevmapCreation.ConfigOf(Definition)));
            devmap.Kernel.ReadMissedKeys();
        }

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent, devmap.Kernel.ReadCounters(Key).Packets);
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
        OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: true, withoutMissedKeys: true);
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
        OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: true, withoutMissedKeys: true);
        var other = OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: false, withoutMissedKeys: false);
        File.Move(Pins.NextConfig, Pins.Config, overwrite: true);

        devmap.Restart();

        Assert.NotEqual(other, devmap.Kernel.RedirectProgramId);
        Assert.False(File.Exists(Pins.NextRedirect));
    }

    private static uint ProgramOf(string path)
    {
        using var link = Pin.OpenLink(path);
        return BpfInfo.OfLink(link).prog_id;
    }
}
