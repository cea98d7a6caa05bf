using ControlPlane.Core.Attachments;
using ControlPlane.Core.Devmaps;
using ControlPlane.Kernel.Devmaps;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Pins;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>A start finds the redirect program of another build and puts its own in its place while frames flow.</summary>
public sealed class UpgradeTests(FrameBed bed) : IClassFixture<FrameBed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private static readonly DevmapDefinition Definition = new("upgrade", 4, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop);

    private DevmapPins Pins => new(bed.PinFolder(Definition.Name));

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public async Task AnotherBuildsProgram_IsReplacedWithoutLosingAFrame(AttachMode mode)
    {
        using var devmap = bed.Open(Definition);
        devmap.Update(Key, bed.Target.Ifindex);
        var link = devmap.Attach(bed.Ingress, mode);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(bed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(bed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 100);

        for (var upgrade = 0; upgrade < 5; upgrade++)
        {
            var ours = devmap.Kernel.RedirectProgramId;
            var other = AnotherBuild.Run(bed.PinFolder(Definition.Name), finish: upgrade != 0);
            Assert.NotEqual(ours, other);
            var before = receiver.Delivered;
            await Eventually.Async(() => receiver.Delivered > before + 200);

            devmap.Restart();

            Assert.NotEqual(other, devmap.Kernel.RedirectProgramId);
            Assert.Equal([link], devmap.Kernel.Links);
            Assert.Equal(devmap.Kernel.RedirectProgramId, ProgramOf(Pins.Link(bed.Ingress.Pair.Name)));
            Assert.False(File.Exists(Pins.NextRedirect));
        }

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Fact]
    public void SameBuild_KeepsTheProgram()
    {
        using var devmap = bed.Open(Definition);
        var before = devmap.Kernel.RedirectProgramId;

        devmap.Restart();

        Assert.Equal(before, devmap.Kernel.RedirectProgramId);
    }

    private static uint ProgramOf(string path)
    {
        using var link = Pin.OpenLink(path);
        return BpfInfo.OfLink(link).prog_id;
    }
}
