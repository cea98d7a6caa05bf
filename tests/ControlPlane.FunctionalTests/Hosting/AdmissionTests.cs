using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Hosting;
using ControlPlane.FunctionalTests.Watching;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Devmapd.V1;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>Callers that take much leave room for others.</summary>
public sealed class AdmissionTests
{
    private const string Events = "/v1/devmaps/default/events";

    [Fact]
    public async Task IdleConnection_MakesRoomForANewOne()
    {
        await using var daemon = await TestDaemon.StartAsync("--ControlPlane:Limits:ConnectionsPerCaller=2");
        using var first = await ConnectAsync(daemon.Rest);
        using var second = await ConnectAsync(daemon.Rest);

        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri(daemon.Rest, "/v1/devmaps"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(await IsClosedAsync(first));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(second, "/healthz"), StringComparison.Ordinal);
        Assert.Contains("devmapd_connections_evicted_total 1\n", await client.GetStringAsync(new Uri(daemon.Rest, "/metrics")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionsInUse_AreKept_AndHealthIsServedBesideThem()
    {
        await using var daemon = await TestDaemon.StartAsync("--ControlPlane:Limits:ConnectionsPerCaller=2");
        using var watching = new HttpClient { BaseAddress = daemon.Rest };
        using var first = await SseReader.OpenAsync(watching, Events);
        using var second = await SseReader.OpenAsync(watching, Events);

        foreach (var path in new[] { "/healthz", "/readyz", "/metrics" })
        {
            using var served = await ConnectAsync(daemon.Rest);
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(served, path), StringComparison.Ordinal);
        }

        using var refused = await ConnectAsync(daemon.Rest);
        var answer = await AskAsync(refused, "/v1/devmaps");
        Assert.StartsWith("HTTP/1.1 429", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 1\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"too_many_connections\"", answer, StringComparison.Ordinal);
        // Another caller has room: on the unix socket users are counted.
        using var other = UnixHttp.Connect(daemon.UnixSocket);
        Assert.Contains("default", await other.GetStringAsync("/v1/devmaps"), StringComparison.Ordinal);
        Assert.Equal("synced", (await first.NextAsync())?.Type);
        Assert.Equal("synced", (await second.NextAsync())?.Type);
    }

    [Fact]
    public async Task StreamsBeyondTheLimit_AreRefusedInBothApis()
    {
        await using var daemon = await TestDaemon.StartAsync("--ControlPlane:Limits:StreamsPerCaller=1");
        using var http = new HttpClient { BaseAddress = daemon.Rest };
        using var channel = GrpcChannel.ForAddress(daemon.Grpc);
        var calls = new DevmapService.DevmapServiceClient(channel);
        using (var open = await SseReader.OpenAsync(http, Events))
        {
            using var refused = await http.GetAsync(new Uri(Events, UriKind.Relative));
            Assert.Equal((HttpStatusCode.TooManyRequests, "5"), (refused.StatusCode, refused.Headers.GetValues("Retry-After").Single()));
            Assert.Equal("too_many_streams", (string?)JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["code"]);

            using var call = calls.Watch(new WatchRequest { Devmap = "default" });
            var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Deadline()));
            Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
            Assert.NotNull(error.GetRpcStatus()!.GetDetail<RetryInfo>());

            using var health = new global::Grpc.Health.V1.Health.HealthClient(channel).Watch(new());
            Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => health.ResponseStream.MoveNext(TestContext.Deadline()))).StatusCode);
            Assert.NotEmpty((await calls.ListDevmapsAsync(new ListDevmapsRequest())).Devmaps);
        }

        await Eventually.Async(async () =>
        {
            using var call = calls.Watch(new WatchRequest { Devmap = "default" });
            try
            {
                return await call.ResponseStream.MoveNext(TestContext.Deadline());
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.ResourceExhausted)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task ClientsThatReset_LeaveNothingBehind()
    {
        await using var daemon = await TestDaemon.StartAsync("--ControlPlane:Limits:StreamsPerCaller=20", "--ControlPlane:Limits:ConnectionsPerCaller=40");
        var clients = new List<Socket>();
        for (var i = 0; i < 60; i++)
        {
            clients.Add(await ConnectAsync(daemon.Rest));
            clients[^1].LingerState = new LingerOption(true, 0);
            await clients[^1].SendAsync(Encoding.ASCII.GetBytes($"GET {Events} HTTP/1.1\r\nHost: localhost\r\n\r\n"), TestContext.Deadline());
        }

        var (connections, streams, watches) = (Service<ConnectionAdmission>(), Service<StreamAdmission>(), Service<WatchService>());
        await Eventually.Async(() => streams.Open == 20 && watches.Watchers == 20, what: "as many streams are open as there may be");
        foreach (var client in clients)
            client.Close();

        await Eventually.Async(() => streams.Open + watches.Watchers + connections.Open == 0, what: "nothing is left");
        Assert.True(streams.Refused.OfCaller > 0);
        using var http = new HttpClient();
        Assert.Contains("ready", await http.GetStringAsync(new Uri(daemon.Rest, "/readyz")), StringComparison.Ordinal);

        T Service<T>()
            where T : notnull => daemon.App.Services.GetRequiredService<T>();
    }

    [Fact]
    public async Task WithoutFileDescriptors_ConnectionsWait_AndTheLogSaysSoOnce()
    {
        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate");
        using var http = new HttpClient { BaseAddress = daemon.Rest };
        await LimitDescriptorsAsync(daemon.Id, "3"); // All below are in use; some below ten may be free.
        var waiting = http.GetStringAsync(new Uri("/healthz", UriKind.Relative), TestContext.Deadline());
        await Eventually.Async(() => Warnings() == 1, what: "the log says that no connection can be accepted");
        using var second = await ConnectAsync(daemon.Rest);
        Assert.False(waiting.IsCompleted);

        await LimitDescriptorsAsync(daemon.Id, "4096");

        Assert.Equal("alive\n", await waiting);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(second, "/healthz"), StringComparison.Ordinal);
        Assert.Equal(1, Warnings());

        int Warnings() => daemon.Log.Count(line => (string?)JsonNode.Parse(line)!["@m"] is { } text && text.StartsWith("No connection can be accepted", StringComparison.Ordinal));
    }

    private static async Task LimitDescriptorsAsync(int pid, string limit)
    {
        using var process = Process.Start("prlimit", [$"--pid={pid.ToString(CultureInfo.InvariantCulture)}", $"--nofile={limit}:4096"]);
        await process.WaitForExitAsync(TestContext.Deadline());
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task<Socket> ConnectAsync(Uri address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, address.Port, TestContext.Deadline());
        return socket;
    }

    private static async Task<string> AskAsync(Socket socket, string path)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"), TestContext.Deadline());
        var answer = new StringBuilder();
        var buffer = new byte[16 * 1024];
        while (!answer.ToString().Contains("\r\n0\r\n\r\n", StringComparison.Ordinal) && !IsWhole(answer.ToString()))
        {
            var length = await socket.ReceiveAsync(buffer, TestContext.Deadline());
            if (length == 0)
                break;
            answer.Append(Encoding.ASCII.GetString(buffer, 0, length));
        }

        return answer.ToString();
    }

    private static bool IsWhole(string answer)
    {
        const string Length = "Content-Length: ";
        var at = answer.IndexOf(Length, StringComparison.Ordinal);
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return at > 0 && end > at
            && answer.Length - end - 4 >= int.Parse(answer[(at + Length.Length)..answer.IndexOf('\r', at)], CultureInfo.InvariantCulture);
    }

    private static async Task<bool> IsClosedAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1], TestContext.Deadline()) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
