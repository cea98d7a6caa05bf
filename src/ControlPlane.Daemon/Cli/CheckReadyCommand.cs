using System.Net.Sockets;
using ControlPlane.Daemon.Hosting;

namespace ControlPlane.Daemon.Cli;

/// <summary>
/// <c>devmapd check-ready</c>: asks the daemon over its unix socket whether it is ready. For probes of an orchestrator that runs commands
/// in a container, and for scripts.
/// </summary>
internal sealed class CheckReadyCommand() : DaemonCommand("check-ready", "Asks the daemon over its unix socket whether it is ready. Needs the privilege to connect.")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandCall call)
    {
        var path = ConfigurationSources.Read(call.Arguments).Listen.UnixSocket;
        if (string.IsNullOrEmpty(path))
            throw new StartRefusedException(ExitCodes.Config, "The daemon has no unix socket.", "Name one with ControlPlane:Listen:UnixSocket.");
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, cancellation) => ConnectAsync(path, cancellation) }) { Timeout = Patience };
        try
        {
            using var answer = await http.GetAsync(new Uri("http://localhost/readyz"));
            Console.Out.WriteLine((await answer.Content.ReadAsStringAsync()).TrimEnd());
            return answer.IsSuccessStatusCode ? ExitCodes.Ok : ExitCodes.Unavailable;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            throw new StartRefusedException(ExitCodes.Unavailable, $"The daemon does not answer at {path}: {e.Message}");
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
