using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Daemon.Hosting;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>Calls that wait, in the whole daemon: they end with their clients and with the daemon, and count as streams.</summary>
public sealed class WaitTests
{
    private const string Wait = "/v1/entries:wait?timeout=300s";
    private const string Put = "/v1/devmaps/default/entries/sim1?allowPending=true&wait=Forwarding&timeout=300s";

    [Fact]
    public async Task Stop_WaitsEndWithTheReason_AndWritesSayThatTheyHaveHappened()
    {
        // Its own patience is minutes here, so that a wait it waited for would be noticed.
        await using var daemon = await TestDaemon.StartAsync("--ControlPlane:Writer:DrainTimeout=00:05:00");
        using var client = new HttpClient { BaseAddress = daemon.Rest };
        using var channel = GrpcChannel.ForAddress(daemon.Grpc);
        var calls = new DevmapService.DevmapServiceClient(channel);
        var (waiting, putting) = (client.GetAsync(new Uri(Wait, UriKind.Relative)), PutAsync(client, Put));
        var waitingByGrpc = calls.WaitEntriesAsync(new WaitEntriesRequest { Timeout = new() { Seconds = 300 } }).ResponseAsync;
        var puttingByGrpc = calls.PutEntryAsync(new PutEntryRequest
        {
            Devmap = "default", Key = "sim2", Spec = new() { Interface = "late0" }, AllowPending = true, Wait = WaitState.Forwarding, Timeout = new() { Seconds = 300 },
        }).ResponseAsync;
        await UntilAsync(daemon, 4);

        await daemon.App.StopAsync(TestContext.Deadline());

        using var ended = await waiting;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "shutting_down"), (ended.StatusCode, (string?)JsonNode.Parse(await ended.Content.ReadAsStringAsync())!["code"]));
        using var put = await putting;
        var answer = JsonNode.Parse(await put.Content.ReadAsStringAsync())!;
        Assert.Equal((HttpStatusCode.Accepted, true, false), (put.StatusCode, (bool)answer["created"]!, (bool)answer["waitSatisfied"]!));
        Assert.Equal("/v1/devmaps/default/entries/sim1", put.Headers.Location!.ToString());
        Assert.Equal($"\"{answer["entry"]!["revision"]}\"", put.Headers.ETag!.Tag);
        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(() => waitingByGrpc)).StatusCode);
        Assert.Equal((true, true, false), (await puttingByGrpc) is var entry ? (entry.Created, entry.HasWaitSatisfied, entry.WaitSatisfied) : default);
    }

    [Fact]
    public async Task WaitsBeyondTheLimitOfStreams_AreRefusedAndWriteNothing()
    {
        await using var daemon = await TestDaemon.StartAsync("--ControlPlane:Limits:StreamsPerCaller=1");
        using var client = new HttpClient { BaseAddress = daemon.Rest };
        using var channel = GrpcChannel.ForAddress(daemon.Grpc);
        var waiting = client.GetAsync(new Uri(Wait, UriKind.Relative));
        await UntilAsync(daemon, 1);

        using var refused = await PutAsync(client, Put);

        Assert.Equal((HttpStatusCode.TooManyRequests, "5"), (refused.StatusCode, refused.Headers.GetValues("Retry-After").Single()));
        Assert.Equal("too_many_streams", (string?)JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["code"]);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(new Uri("/v1/devmaps/default/entries/sim1", UriKind.Relative))).StatusCode);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new DevmapService.DevmapServiceClient(channel).WaitEntriesAsync(new()));
        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
        // A write that does not wait needs no place. This one ends the wait.
        using var put = await PutAsync(client, "/v1/devmaps/default/entries/sim1", "sim2");
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await waiting.WaitAsync(TestContext.Deadline())).StatusCode);
        await UntilAsync(daemon, 0);
    }

    [Fact]
    public async Task ClientThatGoes_GivesItsPlaceBack()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var client = new HttpClient { BaseAddress = daemon.Rest };
        using var leaving = new CancellationTokenSource();
        var waiting = client.GetAsync(new Uri(Wait, UriKind.Relative), leaving.Token);
        var putting = PutAsync(client, Put, cancellation: leaving.Token);
        await UntilAsync(daemon, 2);
        await Eventually.Async(async () => (await client.GetAsync(new Uri("/v1/devmaps/default/entries/sim1", UriKind.Relative))).IsSuccessStatusCode);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => putting);
        await UntilAsync(daemon, 0);
    }

    [Fact]
    public async Task LargeTableThatWaits_LeavesItsPlaceToOthers()
    {
        await using var daemon = await TestDaemon.StartAsync(
            "--ControlPlane:Devmaps:0:Name=routes", "--ControlPlane:Devmaps:0:KeySelector=ipv4Destination", "--ControlPlane:Devmaps:0:MaxEntries=65536");
        using var client = new HttpClient { BaseAddress = daemon.Rest };
        var note = new string('x', 250);
        var body = string.Join(',', Enumerable.Range(0, 16_000).Select(i =>
            $$"""{"key":"10.0.{{i / 256}}.{{i % 256}}","spec":{"interface":"late0","labels":{"note":"{{note}}"} } }"""));
        Assert.True(body.Length > 4 * 1024 * 1024);
        var path = new Uri("/v1/devmaps/routes/entries?allowPending=true&wait=Forwarding&timeout=300s", UriKind.Relative);

        // More than there are places for large requests.
        var replacing = Enumerable.Range(0, 3).Select(_ => client.PutAsync(path, new StringContent($$"""{"entries":[{{body}}]}""", Encoding.UTF8, "application/json"))).ToList();
        await UntilAsync(daemon, 3);
        await Eventually.Async(async () => ((string)JsonNode.Parse(await client.GetStringAsync(new Uri("/v1/devmaps/routes/entries?pageSize=1", UriKind.Relative)))!["entries"]![0]!["status"]!["state"]!) == "Pending");
        using var other = await client.PutAsync(
            new Uri("/v1/devmaps/routes/entries?allowPending=true", UriKind.Relative), new StringContent($$"""{"entries":[{{body}}]}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.DoesNotContain(replacing, r => r.IsCompleted);
        daemon.Host.AddInterface("late0");

        foreach (var replaced in replacing)
        {
            using var response = await replaced.WaitAsync(TestContext.Deadline());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    private static async Task<HttpResponseMessage> PutAsync(HttpClient client, string path, string target = "late0", CancellationToken cancellation = default)
    {
        using var body = new StringContent($$"""{"interface":"{{target}}"}""", Encoding.UTF8, "application/json");
        return await client.PutAsync(new Uri(path, UriKind.Relative), body, cancellation);
    }

    private static Task UntilAsync(TestDaemon daemon, int waits) =>
        Eventually.Async(() => daemon.App.Services.GetRequiredService<StreamAdmission>().Open == waits, what: $"{waits} calls wait");
}
