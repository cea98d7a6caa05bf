using System.Net;
using System.Net.Sockets;
using ControlPlane.Daemon.Hosting;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>The daemon as a process that is given its listening sockets, as systemd gives them.</summary>
public sealed class SocketActivationTests
{
    [Fact]
    public async Task PassedUnixSocket_IsServed_AndNotRemoved()
    {
        var folder = Directory.CreateTempSubdirectory();
        var path = Path.Combine(folder.FullName, "passed.sock");
        await using var daemon = Start(path);
        using var client = Over(path);
        using var response = await client.GetAsync(new Uri("http://devmapd/readyz"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(File.Exists(daemon.UnixSocket)); // the passed socket takes its place
        await Eventually.Async(() => daemon.Log.Any(line => line.Contains(path, StringComparison.Ordinal)));

        Assert.Equal(ExitCodes.Ok, await daemon.StopAsync());
        Assert.True(File.Exists(path));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task PassedTcpSocket_IsRefused()
    {
        // An address of this process alone: a port that was free a moment ago may be another test's by now.
        var address = new IPEndPoint(new IPAddress([127, 83, (byte)(Environment.ProcessId >> 8), (byte)Environment.ProcessId]), 4000);
        await using var daemon = Start(address.ToString());
        using var client = await ConnectAsync(address);

        Assert.Equal(ExitCodes.Config, await daemon.WaitExitAsync());
        Assert.Contains("is not a unix stream socket", daemon.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SocketsOfAnotherProcess_AreLeftAlone()
    {
        await using var daemon = DaemonProcess.Start(
            ["--simulate"], environment: new Dictionary<string, string> { ["LISTEN_PID"] = "1", ["LISTEN_FDS"] = "1" });
        await daemon.WaitReadyAsync();
        Assert.True(File.Exists(daemon.UnixSocket));
        Assert.Equal(ExitCodes.Ok, await daemon.StopAsync());
    }

    // The tool of systemd starts the daemon when the first client connects.
    private static DaemonProcess Start(string address) =>
        DaemonProcess.Start(["--simulate"], prefix: ["systemd-socket-activate", "--listen", address, "--"]);

    private static async Task<Socket> ConnectAsync(EndPoint endpoint)
    {
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        while (true)
        {
            var socket = endpoint is IPEndPoint
                ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
                : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(endpoint);
                return socket;
            }
            catch (SocketException) when (DateTime.UtcNow < deadline)
            {
                // The tool does not listen yet.
                socket.Dispose();
                await Task.Delay(20);
            }
        }
    }

    private static HttpClient Over(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, _) => new NetworkStream(await ConnectAsync(new UnixDomainSocketEndPoint(path)), ownsSocket: true),
    });
}
