using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ControlPlane.Client;
using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Probes by REST and by gRPC: real frames, seen at the far end of the target.</summary>
[Trait("Group", "kernels")]
public sealed class ProbeTests
{
    private const string Enabled = "--ControlPlane:Probe:Enabled=true";
    private const string Path = $"/v1/devmaps/{Testbed.ByVlan}/entries/100:probe";

    [Fact]
    public async Task Probe_SendsFramesToThePeer_AndProvesTheEntry()
    {
        await using var testbed = await Testbed.StartAsync(arguments: Enabled);
        var target = await SteerAsync(testbed);
        Assert.Equal(await testbed.ArrivingAsync(), (await testbed.Http.EntryAsync(Testbed.ByVlan, "100")).Status.State);

        var proven = await testbed.ProvenAsync();
        var byRest = await ProbeAsync(testbed, "?frames=7");
        Assert.Equal((7, 7, "True", "FramesSent", proven), (byRest.Frames, byRest.Sent, byRest.Proven.Status, byRest.Proven.Reason, byRest.State));
        Assert.Equal(7, ProbesAt(target));

        var byGrpc = await testbed.Client.ProbeEntryAsync(Testbed.ByVlan, "100");
        Assert.Equal((10u, 10ul, Devmapd.V1.ConditionStatus.True), (byGrpc.Frames, byGrpc.Sent, byGrpc.Proven.Status));
        Assert.Equal(10, ProbesAt(target));

        var entry = await testbed.Http.EntryAsync(Testbed.ByVlan, "100");
        Assert.Equal((proven, 17ul), (entry.Status.State, entry.Status.Packets));
        Assert.Equal(byGrpc.Proven.Message, entry.Status.Conditions.Single(c => c.Type == "Proven").Message);
        Assert.Contains($"devmapd_probe_frames_total{{devmap=\"{Testbed.ByVlan}\"}} 17", await testbed.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_ReportsTheCause_AndTheProofLapsesWhenItIsMended()
    {
        await using var testbed = await Testbed.StartAsync(arguments: Enabled);
        var target = await SteerAsync(testbed);
        target.Pair.SetUp(false);

        var probe = await ProbeAsync(testbed);

        Assert.Equal((0, "False", "TargetDown", "Undeliverable"), (probe.Sent, probe.Proven.Status, probe.Proven.Reason, probe.State));
        Assert.Equal(("targetDown", 10ul), (probe.Drops.Single().Cause, probe.Drops.Single().Packets));
        Assert.Equal(0, ProbesAt(target));

        Assert.Equal($"ip link set dev {target.Name} up", probe.Proven.Remedy);
        target.Pair.SetUp(true);
        var unproven = await testbed.ArrivingAsync();
        await Eventually.Async(async () => (await testbed.Http.EntryAsync(Testbed.ByVlan, "100")).Status.State == unproven, what: $"the entry is {unproven}");
        Assert.DoesNotContain((await testbed.Http.EntryAsync(Testbed.ByVlan, "100")).Status.Conditions, c => c.Type == "Proven");
        Assert.Equal(10, (await ProbeAsync(testbed)).Sent);
    }

    [Fact]
    [Follows(typeof(ProbeErrors), nameof(ProbeErrors.NotNative))]
    public async Task Probe_OfAnIngressInGenericMode_IsRefused()
    {
        await using var testbed = await Testbed.StartAsync(arguments: Enabled);
        await SteerAsync(testbed, "generic");

        using var answer = await testbed.Http.PostAsync(new Uri(Path, UriKind.Relative), null);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        var problem = (await answer.Content.ReadFromJsonAsync<Problem>())!;
        Assert.Equal("interface_unsuitable", problem.Code);
        var refusal = await Assert.ThrowsAsync<DevmapdException>(() => testbed.Client.ProbeEntryAsync(Testbed.ByVlan, "100"));
        Assert.Equal("interface_unsuitable", refusal.Code);

        await testbed.FollowAsync(problem.How!);
        Assert.Equal(10, (await ProbeAsync(testbed)).Sent);
    }

    [Fact]
    public async Task Probes_AreOffByDefault()
    {
        await using var testbed = await Testbed.StartAsync();
        var target = await SteerAsync(testbed);

        using var answer = await testbed.Http.PostAsync(new Uri(Path, UriKind.Relative), null);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonElement>()).ToString();
        Assert.Contains("permission_denied", problem, StringComparison.Ordinal);
        Assert.Contains("ControlPlane:Probe:Enabled=true", problem, StringComparison.Ordinal);
        var refusal = await Assert.ThrowsAsync<DevmapdException>(() => testbed.Client.ProbeEntryAsync(Testbed.ByVlan, "100"));
        Assert.Equal("permission_denied", refusal.Code);
        Assert.Equal(0, ProbesAt(target));
    }

    private static async Task<Port> SteerAsync(Testbed testbed, string mode = "native")
    {
        var (ingress, target) = (testbed.AddPort(), testbed.AddPort());
        await testbed.Http.AttachAsync(Testbed.ByVlan, ingress.Name, mode);
        await testbed.Http.PutEntryAsync(Testbed.ByVlan, "100", target.Name);
        return target;
    }

    private static async Task<Probe> ProbeAsync(Testbed testbed, string query = "")
    {
        using var answer = await testbed.Http.PostAsync(new Uri(Path + query, UriKind.Relative), null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<Probe>())!;
    }

    // UDP to port 9 in VLAN 100, with a time to live of 1.
    private static int ProbesAt(Port target)
    {
        var count = 0;
        while (target.Far.Receive(TimeSpan.FromMilliseconds(200)) is { } frame)
            count += frame.Length == 1518 && frame[14..16] is [0, 100] && frame[26] == 1 && frame[40..42] is [0, 9] ? 1 : 0;
        return count;
    }

    private sealed record Probe(int Frames, int Sent, IReadOnlyList<DropCount> Drops, string State, Condition Proven);
}
