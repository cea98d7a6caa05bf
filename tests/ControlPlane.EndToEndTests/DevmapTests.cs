using System.Net.Http.Json;
using System.Text.Json;
using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Devmaps by the API, while frames flow.</summary>
public sealed class DevmapTests
{
    private const int Largest = 100_000;

    private static readonly TrafficPlan Plan = new(FramesPerSecond: 5000);

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    public async Task Settings_ChangeUnderTraffic_AndNoFrameIsLost(string mode)
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await PutAsync(testbed, counters: false, "pass");
        await testbed.Http.PutEntryAsync("live", ingress.Name, target.Name);
        await testbed.Http.AttachAsync("live", ingress.Name, mode);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(target.Far, run);
        await using var generator = TrafficGenerator.Start(ingress.Far, run, mark => Frames.Udp(mark), Plan);
        await Eventually.Async(() => receiver.Delivered > 200);

        foreach (var (counters, missAction) in new[] { (true, "pass"), (true, "drop"), (false, "drop"), (true, "abort"), (false, "pass"), (true, "pass") })
        {
            await PutAsync(testbed, counters, missAction);
            var before = receiver.Delivered;
            await Eventually.Async(() => receiver.Delivered > before + 200);
        }

        var sent = await generator.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.InRange((await testbed.Http.EntryAsync("live", ingress.Name)).Status.Packets, 200ul, (ulong)sent);
        Assert.Equal("Forwarding", (await testbed.Http.EntryAsync("live", ingress.Name)).Status.State);
        await testbed.Http.RemoveAsync("/v1/devmaps/live?force=true");
    }

    [Theory]
    [InlineData("native")]
    [InlineData("generic")]
    [InlineData("tcx")]
    public async Task Capacity_ChangesUnderTraffic_BetweenOtherSettings_AndARestartHasIt(string mode)
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await PutAsync(testbed, counters: true, "pass");
        await testbed.Http.PutEntryAsync("live", ingress.Name, target.Name);
        await testbed.Http.AttachAsync("live", ingress.Name, mode);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(target.Far, run);
        await using var generator = TrafficGenerator.Start(ingress.Far, run, mark => Frames.Udp(mark), Plan);
        await Eventually.Async(() => receiver.Delivered > 200);

        foreach (var (missAction, maxEntries) in new[] { ("pass", 4096), ("drop", 4096), ("drop", 8), ("pass", 8), ("pass", Largest) })
        {
            await PutAsync(testbed, counters: true, missAction, maxEntries);
            var before = receiver.Delivered;
            await Eventually.Async(() => receiver.Delivered > before + 200);
        }

        using (var both = await testbed.Http.PutAsJsonAsync("/v1/devmaps/live", new { maxEntries = 64, missAction = "drop" }))
            Assert.Equal("invalid_argument", (await RestRequests.ProblemAsync(both)).Code);
        Assert.Equal(0, await testbed.Runner.StopAsync());
        await testbed.Runner.StartAsync();
        Assert.Equal(Largest, (await testbed.Http.ReadAsync<JsonElement>("/v1/devmaps/live")).GetProperty("spec").GetProperty("maxEntries").GetInt32());
        var sent = await generator.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal((ulong)sent, (await testbed.Http.EntryAsync("live", ingress.Name)).Status.Packets);
        await testbed.Http.RemoveAsync("/v1/devmaps/live?force=true");
    }

    [Fact]
    [Follows(typeof(DevmapErrors), nameof(DevmapErrors.InUse))]
    public async Task ForcedDeletion_DetachesAtOnce_AndARestartFindsNothing()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await PutAsync(testbed, counters: true, "pass");
        await testbed.Http.PutEntryAsync("live", ingress.Name, target.Name);
        await testbed.Http.AttachAsync("live", ingress.Name);
        using (var refused = await testbed.Http.DeleteAsync(new Uri("/v1/devmaps/live", UriKind.Relative)))
        {
            var problem = await RestRequests.ProblemAsync(refused);
            Assert.Equal("devmap_in_use", problem.Code);
            await testbed.FollowAsync(problem.How!);
        }

        await testbed.Http.RemoveAsync("/v1/devmaps/live?force=true");

        Assert.False(Directory.Exists($"{testbed.Runner.PinRoot}/devmaps/live"));
        Assert.DoesNotContain("xdp", testbed.Space.Run(() => Shell.Run("ip", "link", "show", "dev", ingress.Name)), StringComparison.Ordinal);
        Assert.Equal(0, await testbed.Runner.StopAsync());
        await testbed.Runner.StartAsync();
        Assert.Equal("devmap_not_found", await CodeAsync(testbed, "/v1/devmaps/live"));
    }

    [Fact]
    public async Task Restart_BringsDevmapsOfTheApiBack_WithoutLosingAFrame()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await PutAsync(testbed, counters: true, "drop");
        await testbed.Http.PutEntryAsync("live", ingress.Name, target.Name);
        await testbed.Http.AttachAsync("live", ingress.Name);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(target.Far, run);
        await using var generator = TrafficGenerator.Start(ingress.Far, run, mark => Frames.Udp(mark), Plan);
        await Eventually.Async(() => receiver.Delivered > 200);
        await testbed.Runner.KillAsync();
        await testbed.Runner.StartAsync();
        var before = receiver.Delivered;
        await Eventually.Async(() => receiver.Delivered > before + 200);
        Assert.True((await testbed.Http.DevmapAsync("live")).Status.Adopted);
        var sent = await generator.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        await testbed.Http.RemoveAsync("/v1/devmaps/live?force=true");
    }

    [Fact]
    [Follows(typeof(DevmapErrors), nameof(DevmapErrors.TooMany))]
    public async Task As256Devmaps_AreMadeAdoptedAndDeleted()
    {
        await using var testbed = await Testbed.StartAsync();
        const int configured = 3;
        for (var i = configured; i < 256; i++)
            await testbed.Http.WriteAsync<Devmap>($"/v1/devmaps/many{i}", new { maxEntries = 4 });
        using (var refused = await testbed.Http.PutAsJsonAsync("/v1/devmaps/onemore", new { maxEntries = 4 }))
        {
            var problem = await RestRequests.ProblemAsync(refused);
            Assert.Equal("too_many_devmaps", problem.Code);
            await testbed.FollowAsync(problem.How!);
        }

        Assert.Equal(256, Directory.GetDirectories($"{testbed.Runner.PinRoot}/devmaps").Length);
        // The start looks at the programs of each devmap, one devmap after the other.
        const int kept = 32;
        for (var i = kept; i < 256; i++)
            await testbed.Http.RemoveAsync($"/v1/devmaps/many{i}");
        Assert.Equal(0, await testbed.Runner.StopAsync());
        await testbed.Runner.StartAsync();
        Assert.Equal(kept, Directory.GetDirectories($"{testbed.Runner.PinRoot}/devmaps").Length);
        for (var i = configured; i < kept; i++)
            await testbed.Http.RemoveAsync($"/v1/devmaps/many{i}");
        Assert.Equal(configured, Directory.GetDirectories($"{testbed.Runner.PinRoot}/devmaps").Length);
    }

    private static Task<Devmap> PutAsync(Testbed testbed, bool counters, string missAction, int maxEntries = 64) =>
        testbed.Http.WriteAsync<Devmap>("/v1/devmaps/live", new { maxEntries, counters, missAction });

    private static async Task<string> CodeAsync(Testbed testbed, string path)
    {
        using var answer = await testbed.Http.DeleteAsync(new Uri(path, UriKind.Relative));
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()!;
    }
}
