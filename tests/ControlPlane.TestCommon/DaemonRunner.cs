using ControlPlane.TestCommon.Lab;

namespace ControlPlane.TestCommon;

/// <summary>
/// Runs daemons on the real kernel, one after another, in a network namespace, with their own pin root and folder. Clients use the unix
/// socket, which does not belong to a network namespace. Disposing ends the daemon and removes its pins and files.
/// </summary>
public sealed class DaemonRunner : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("devmapd-home-");
    private readonly string[] _prefix;
    private readonly string[] _arguments;
    private DaemonProcess? _daemon;
    private HttpClient? _http;

    /// <summary>Prepares the folders. No daemon runs yet.</summary>
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

    private string UnixSocket => Path.Combine(_folder.FullName, "devmapd.sock");

    /// <summary>A command that starts daemons from now on, inside the namespace; none by default.</summary>
    public IReadOnlyList<string> Wrapper { get; set; } = [];

    /// <summary>More of the environment of daemons from now on; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; set; }

    /// <summary>The daemon that runs, or ran last.</summary>
    public DaemonProcess Daemon => _daemon ?? throw new InvalidOperationException("no daemon was started");

    /// <summary>A REST client of the daemon that runs.</summary>
    public HttpClient Http => _http ?? throw new InvalidOperationException("no daemon was started");

    /// <summary>The address of the daemon for a gRPC client.</summary>
    public string Address => $"unix:{UnixSocket}";

    /// <summary>Starts a daemon and waits until it is ready. The daemon before must have ended; this one adopts its pins.</summary>
    /// <param name="arguments">The arguments of this daemon, in addition to those of all.</param>
    public async Task StartAsync(params string[] arguments)
    {
        await DropDaemonAsync();
        _daemon = Launch(arguments);
        await _daemon.WaitReadyAsync();
        // A new one for each daemon: the old one may still hold connections to the daemon before.
        _http = UnixHttp.Connect(UnixSocket);
    }

    /// <summary>Starts a daemon on the same folders and does not wait: a second one beside the first.</summary>
    public DaemonProcess Launch(params string[] arguments) =>
        DaemonProcess.Start([.. _arguments, .. arguments], _folder.FullName, Environment, [.. _prefix, .. Wrapper]);

    /// <summary>Asks the daemon to stop and returns its exit code.</summary>
    public Task<int> StopAsync() => Daemon.StopAsync();

    /// <summary>Kills the daemon (SIGKILL).</summary>
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
        _http?.Dispose();
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        _daemon = null;
    }
}
