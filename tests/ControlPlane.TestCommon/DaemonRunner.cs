using System.Net.Sockets;
using ControlPlane.TestCommon.Lab;
using Grpc.Net.Client;

namespace ControlPlane.TestCommon;

/// <summary>
/// Where daemons live on the real kernel, one after another: a network namespace, and a pin root and a folder of their own.
/// Clients speak over the unix socket, which no network namespace binds. Disposing ends the daemon and removes its pins.
/// </summary>
public sealed class DaemonRunner : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("devmapd-home-");
    private readonly string[] _prefix;
    private readonly string[] _arguments;
    private DaemonProcess? _daemon;
    private HttpClient? _http;
    private GrpcChannel? _channel;

    /// <summary>Makes the home; no daemon runs yet.</summary>
    /// <param name="space">The network namespace of its daemons.</param>
    /// <param name="detached">Whether they stay out of the terminal's reach, so that Ctrl-C ends only this process.</param>
    /// <param name="arguments">The arguments of every daemon.</param>
    public DaemonRunner(NetworkNamespace space, bool detached, params string[] arguments)
    {
        PinRoot = LabNames.NextPinRoot();
        _prefix = [.. detached ? ["setsid"] : Array.Empty<string>(), "nsenter", $"--net={space.Path}", "--"];
        _arguments = [$"--ControlPlane:PinRoot={PinRoot}", .. arguments];
    }

    /// <summary>The folder of its pins.</summary>
    public string PinRoot { get; }

    /// <summary>The folder of its store.</summary>
    public string StateDirectory => Path.Combine(_folder.FullName, "state");

    /// <summary>A program and its arguments that start daemons from now on, inside the namespace; none unless set.</summary>
    public IReadOnlyList<string> Wrapper { get; set; } = [];

    /// <summary>The daemon that runs, or ran last.</summary>
    public DaemonProcess Daemon => _daemon ?? throw new InvalidOperationException("no daemon was started");

    /// <summary>A REST client of the daemon that runs.</summary>
    public HttpClient Http => _http ?? throw new InvalidOperationException("no daemon was started");

    /// <summary>A gRPC channel to the daemon that runs.</summary>
    public GrpcChannel Channel => _channel ?? throw new InvalidOperationException("no daemon was started");

    /// <summary>Starts a daemon and waits until it is ready. The one before must have ended; what it pinned is adopted.</summary>
    /// <param name="arguments">The arguments of this daemon, in addition to those of all.</param>
    public async Task StartAsync(params string[] arguments)
    {
        await DropDaemonAsync();
        _daemon = Launch(arguments);
        await _daemon.WaitReadyAsync();
        // Fresh ones for each daemon: a pool would still hold connections to the one before.
        _http = new HttpClient(OverSocket(), disposeHandler: true) { BaseAddress = new Uri("http://localhost") };
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = OverSocket(), DisposeHttpClient = true });
    }

    /// <summary>Starts a daemon on the same folders and does not wait: a second one beside the first.</summary>
    public DaemonProcess Launch(params string[] arguments) =>
        DaemonProcess.Start([.. _arguments, .. arguments], _folder.FullName, environment: null, [.. _prefix, .. Wrapper]);

    /// <summary>Asks the daemon to stop and gives its exit code.</summary>
    public Task<int> StopAsync() => Daemon.StopAsync();

    /// <summary>Kills the daemon where it stands (SIGKILL).</summary>
    public async Task KillAsync()
    {
        await Daemon.SignalAsync("KILL");
        await Daemon.WaitExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DropDaemonAsync();
        if (Directory.Exists(PinRoot))
            Directory.Delete(PinRoot, recursive: true);
        if (_folder.Exists)
            _folder.Delete(recursive: true);
    }

    private async Task DropDaemonAsync()
    {
        _channel?.Dispose();
        _http?.Dispose();
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        _daemon = null;
    }

    private SocketsHttpHandler OverSocket() => new()
    {
        EnableMultipleHttp2Connections = true,
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(_folder.FullName, "devmapd.sock")), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
