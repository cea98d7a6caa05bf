using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>The data plane does not depend on the daemon: no frame is lost while the daemon stops and starts again.</summary>
[Trait("Group", "kernels")]
public sealed class RestartTests
{
    private static readonly TrafficPlan Plan = new(FramesPerSecond: 5000);

    [Fact]
    public async Task Restart_UnderTraffic_LosesNoFrameAndAdoptsEverything()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(target.Far, run);
        await using var generator = TrafficGenerator.Start(ingress.Far, run, mark => Frames.Udp(mark), Plan);
        await Eventually.Async(() => receiver.Delivered > 500);
        var before = await Observation.TakeAsync(testbed, ingress.Name);

        Assert.Equal(0, await testbed.Runner.StopAsync());
        var stopped = generator.Sent;
        await Eventually.Async(() => receiver.Delivered > stopped + 500); // while no daemon runs
        await testbed.Runner.StartAsync();

        var after = await Observation.TakeAsync(testbed, ingress.Name);
        Assert.Equal(before, after);
        Assert.True((await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Adopted);
        var sent = await generator.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));

        // Counters continue, and include the frames that were sent while no daemon ran.
        Assert.Equal(sent, (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.Packets);
        Assert.Equal(sent, (await testbed.Http.ReadAsync<EgressProgram>("/v1/programs/meter")).Status.Packets);
        var traffic = (await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Traffic;
        Assert.Equal((sent, 0ul), (traffic.RedirectedPackets, traffic.MissedPackets));
    }

    /// <summary>The state that a restart must not change.</summary>
    private sealed record Observation(
        string State, uint? KernelKey, string Interface, string? EgressProgram, uint? Ifindex, uint? EgressProgramId,
        uint MapId, uint RedirectId, int Entries, uint? LinkId, string Mode, string Attached)
    {
        public static async Task<Observation> TakeAsync(Testbed testbed, string ingress)
        {
            var entry = await testbed.Http.EntryAsync(Testbed.ByInterface, ingress);
            var devmap = (await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status;
            var attachment = await testbed.Http.ReadAsync<Attachment>($"/v1/devmaps/{Testbed.ByInterface}/attachments/{ingress}");
            return new Observation(
                entry.Status.State, entry.KernelKey, entry.Interface, entry.EgressProgram, entry.Status.Ifindex, entry.Status.EgressProgramId,
                devmap.KernelMapId, devmap.RedirectProgramId, devmap.Entries, attachment.Status.LinkId, attachment.Mode, attachment.Status.State);
        }
    }
}
