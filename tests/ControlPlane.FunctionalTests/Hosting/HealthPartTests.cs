using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>The daemon notices problems of its own parts, and reports to the watchdog of systemd.</summary>
public sealed class HealthPartTests
{
    [Fact]
    public async Task UnixSocket_IsRemoved_IsAProblemOfTheListeners()
    {
        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate");
        using var client = new HttpClient { BaseAddress = daemon.Rest };
        client.DefaultRequestHeaders.Authorization = new("Bearer", await daemon.CreateTokenAsync("health", "viewer"));
        File.Delete(daemon.UnixSocket);

        await UntilAsync(client, "listeners", text => text.Contains("was removed", StringComparison.Ordinal));
        Assert.Contains("devmapd_part_works{part=\"listeners\"} 0", await client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Contains("devmapd_part_works{part=\"store\"} 1", await client.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/readyz", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Watchdog_IsFed_UntilTheDaemonHangs()
    {
        using var home = new TemporaryFolder();
        var path = Path.Combine(home.Path, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));
        await using var daemon = DaemonProcess.Start(
            ["--simulate"], environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "600000" });
        await daemon.WaitReadyAsync();
        for (var fed = 0; fed < 3;)
            fed += await ReceiveAsync(systemd) == "WATCHDOG=1" ? 1 : 0;

        await daemon.SignalAsync("STOP");
        while (systemd.Available > 0)
            await ReceiveAsync(systemd);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReceiveAsync(systemd, TimeSpan.FromMilliseconds(600)));
        await daemon.SignalAsync("CONT");
        while (await ReceiveAsync(systemd) != "WATCHDOG=1")
        {
        }

        Assert.Equal(0, await daemon.StopAsync());
    }

    private static async Task<string> ReceiveAsync(Socket socket, TimeSpan? limit = null)
    {
        using var deadline = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(30));
        var buffer = new byte[256];
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, deadline.Token)).Trim();
    }

    private static async Task UntilAsync(HttpClient client, string part, Func<string, bool> holds)
    {
        var deadline = TestContext.Deadline();
        while (!holds(JsonNode.Parse(await client.GetStringAsync(new Uri("/readyz", UriKind.Relative), deadline))!["parts"]![part]!.GetValue<string>()))
            await Task.Delay(50, deadline);
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("devmapd-notify-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
