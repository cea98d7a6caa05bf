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

        for (var upgrade = 0; upgrade < 6; upgrade++)
        {
            var ours = devmap.Kernel.RedirectProgramId;
            var version = upgrade switch { 0 or 1 => DevmapdConstants.DEVMAPD_VERSION, 2 or 3 => 2u, _ => 1u };
            var other = OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: upgrade % 3 != 0, version);
            Assert.NotEqual(ours, other);
            Assert.Equal((version > 1, version > 2), (File.Exists(Pins.Missed), File.Exists(Pins.Complete)));
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
        OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: true, version: 1);
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
        OtherBuild.Run(testbed.PinFolder(Definition.Name), finish: true, version: 1);
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
