using System.Globalization;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests;

/// <summary>No frame is lost while the daemon stops and starts again, while a start replaces the redirect program, and while the kernel goes over to other tables.</summary>
/// <remarks>The environment variable <c>DEVMAPD_LIVE_FRAMES</c> sets the least number of frames; the default is 500,000.</remarks>
[Trait("Group", "soak")]
[Trait("Group", "losses")]
public sealed class LiveFrameTests(ITestOutputHelper output)
{
    private const double FramesPerSecond = 200_000;
    private const ulong FramesBetween = 20_000;
    private const int FewestRounds = 3;

    private static ulong Frames =>
        ulong.Parse(Environment.GetEnvironmentVariable("DEVMAPD_LIVE_FRAMES") is { Length: > 0 } text ? text : "500000", CultureInfo.InvariantCulture);

    [Fact]
    public Task StopAndStart_LosesNoFrame() => RunAsync(async (testbed, _, traffic, _) =>
    {
        Assert.Equal(0, await testbed.Runner.StopAsync());
        await traffic.FlowAsync(FramesBetween); // while no daemon runs
        await testbed.Runner.StartAsync();
    });

    [Fact]
    public Task Upgrade_LosesNoFrame() => RunAsync(async (testbed, _, traffic, round) =>
    {
        Assert.Equal(0, await testbed.Runner.StopAsync());
        var other = OtherBuild.Run($"{testbed.Runner.PinRoot}/devmaps/{Testbed.ByInterface}", finish: round % 2 == 0);
        await traffic.FlowAsync(FramesBetween);
        await testbed.Runner.StartAsync();
        Assert.NotEqual(other, (await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.RedirectProgramId);
    });

    /// <summary>The entry of the frames and a thousand others are written as a whole table, whose other entries have another target each time.</summary>
    [Fact]
    public async Task HitlessTables_LoseNoFrame()
    {
        string? aside = null, other = null;
        await RunAsync(async (testbed, steered, traffic, round) =>
        {
            (aside, other) = (aside ?? testbed.AddPort().Name, other ?? testbed.AddPort().Name);
            var request = new ReplaceEntriesRequest { Devmap = Testbed.ByInterface, Mode = ReplaceMode.Hitless, AllowDeletions = int.MaxValue, Force = true };
            request.Entries.Add(Entry(steered.Ingress.Name, steered.Target.Name, Steering.Meter, round));
            for (var i = 0; i < 1000; i++)
                request.Entries.Add(Entry((1_000_000 + i + round).ToString(CultureInfo.InvariantCulture), round % 2 == 0 ? aside : other, null, round));
            await testbed.Client.ReplaceEntriesAsync(request);
            await traffic.FlowAsync(FramesBetween);
        });

        static DesiredEntry Entry(string key, string target, string? program, int round)
        {
            var spec = new Devmapd.V1.EntrySpec { Interface = target, Labels = { ["round"] = round.ToString(CultureInfo.InvariantCulture) } };
            if (program is not null)
                spec.EgressProgram = program;
            return new() { Key = key, Spec = spec };
        }
    }

    [Fact]
    public async Task EntryIsDeleted_TheLossIsSeen()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        await using var traffic = LiveTraffic.Start(ingress.Pair, target.Pair, FramesPerSecond);
        await traffic.FlowAsync(FramesBetween);
        await testbed.Http.RemoveAsync($"/v1/devmaps/{Testbed.ByInterface}/entries/{ingress.Name}");
        await Assert.ThrowsAsync<InvalidOperationException>(() => traffic.FlowAsync(FramesBetween));
    }

    private async Task RunAsync(Func<Testbed, (Port Ingress, Port Target), LiveTraffic, int, Task> disturb)
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = await testbed.SteerAsync();
        ulong sent;
        var rounds = 0;
        await using (var traffic = LiveTraffic.Start(ingress.Pair, target.Pair, FramesPerSecond))
        {
            for (; rounds < FewestRounds || traffic.Sent < Frames; rounds++)
            {
                await traffic.FlowAsync(FramesBetween);
                await disturb(testbed, (ingress, target), traffic, rounds);
            }

            sent = await traffic.StopAsync();
            Assert.Equal(sent, traffic.Arrived);
        }

        output.WriteLine($"{sent} frames over {rounds} rounds, 0 lost");
        var status = (await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Traffic;
        Assert.Equal((sent, 0ul), (status.RedirectedPackets, status.MissedPackets));
        Assert.Equal(sent, (await testbed.Http.EntryAsync(Testbed.ByInterface, ingress.Name)).Status.Packets);
    }
}
