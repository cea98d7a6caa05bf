using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.FunctionalTests.Hosting;
using ControlPlane.TestCommon.Lab;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Watching;

/// <summary>How streams end with the daemon. Its own patience is minutes here, so that a stream it waited for would be noticed.</summary>
public sealed partial class StreamEndTests
{
    private const string Patience = "--ControlPlane:Writer:DrainTimeout=00:05:00";
    private const string SoonFull = "--ControlPlane:Watch:LogCapacity=4";

    [Fact]
    public async Task Stop_StreamsEndWithTheReason()
    {
        await using var daemon = await TestDaemon.StartAsync(Patience);
        using var client = new HttpClient { BaseAddress = daemon.Rest };
        using var events = await SseReader.OpenAsync(client, "/v1/devmaps/default/events");
        using var channel = GrpcChannel.ForAddress(daemon.Grpc);
        using var call = new Devmapd.V1.DevmapService.DevmapServiceClient(channel).Watch(new() { Devmap = "default" });
        Assert.Equal("synced", (await events.NextAsync())!.Type);
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Deadline()));

        await daemon.App.StopAsync(TestContext.Deadline());

        var ended = await events.NextAsync();
        Assert.Equal((null, "ended", "shutting_down"), (ended!.Id, ended.Type, ended.Data["problem"]!["code"]!.GetValue<string>()));
        Assert.Null(await events.NextAsync());
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Deadline()));
        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
    }

    [Fact]
    public async Task SlowReader_IsToldThatItWasCutOff()
    {
        await using var daemon = await TestDaemon.StartAsync(Patience, SoonFull);
        using var reader = await StallAsync(daemon);
        var received = "";
        var buffer = new byte[65536];
        var deadline = TestContext.Deadline();
        while (!LastEvent().IsMatch(received))
        {
            var count = await reader.ReceiveAsync(buffer, deadline);
            Assert.NotEqual(0, count);
            // The end of what came before: an event may come in parts.
            received = received[^Math.Min(received.Length, 4096)..] + Encoding.UTF8.GetString(buffer, 0, count);
        }

        Assert.Contains("revision_compacted", received, StringComparison.Ordinal);
        Assert.Contains("watcher_too_slow", received, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_DoesNotWaitForAClientThatDoesNotRead()
    {
        await using var daemon = await TestDaemon.StartAsync(Patience);
        using var reader = await StallAsync(daemon);
        var deadline = TestContext.Deadline();
        await daemon.App.StopAsync(deadline);
        Assert.False(deadline.IsCancellationRequested);
    }

    /// <summary>A client that asks for the events and does not read them, until the daemon can send it no more.</summary>
    private static async Task<Socket> StallAsync(TestDaemon daemon)
    {
        var entries = daemon.App.Services.GetRequiredService<EntryService>();
        var watches = daemon.App.Services.GetRequiredService<WatchService>();
        for (var key = 0; key < 200; key++)
            await PutAsync(entries, key, "none");
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(daemon.Rest.Host, daemon.Rest.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /v1/devmaps/default/events HTTP/1.1\r\nHost: {daemon.Rest.Authority}\r\n\r\n"));
        await Eventually.Async(() => watches.Watchers == 1);

        // More than buffers between the two take: megabytes, of which each entry with its labels is about one kilobyte.
        for (var round = 0; round < 60; round++)
            await Task.WhenAll(Enumerable.Range(0, 200).Select(key => PutAsync(entries, key, $"{round}")));
        return socket;
    }

    private static async Task PutAsync(EntryService entries, int key, string label)
    {
        var labels = Enumerable.Range(0, 12).ToDictionary(i => $"label-{i}", i => $"{label}-{new string('x', 50)}");
        await entries.PutAsync("default", $"{1000 + key}", new EntrySpec("sim1", null, Labels.Of(labels), null), new Violations(), default, CancellationToken.None);
    }

    [GeneratedRegex("event: ended\n(.+\n)+\n")]
    private static partial Regex LastEvent();
}
