using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.TestCommon;

/// <summary>
/// The daemon as a process of its own, with folders, ports and a socket that no other test uses. The test project must
/// refer to the daemon, whose files then lie beside it. Disposing ends the process and removes its files.
/// </summary>
public sealed class DaemonProcess : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = Patience.OfSeconds(30);

    private readonly Process _process;
    private readonly string _folder;
    private readonly bool _ownsFolder;
    private readonly StringBuilder _standardError = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, string> _addresses = new();

    private DaemonProcess(Process process, string folder, bool ownsFolder) => (_process, _folder, _ownsFolder) = (process, folder, ownsFolder);

    /// <summary>Its folder: <c>state</c>, and <c>devmapd.sock</c>.</summary>
    public string Folder => _folder;

    /// <summary>The unix socket.</summary>
    public string UnixSocket => Path.Combine(_folder, "devmapd.sock");

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Where REST is served, once it is ready.</summary>
    public Uri Rest => new(_addresses["REST"]);

    /// <summary>Where gRPC is served, once it is ready.</summary>
    public Uri Grpc => new(_addresses["gRPC"]);

    /// <summary>A REST client over the unix socket, on which the user of the tests is an administrator.</summary>
    public HttpClient ConnectUnix() => UnixHttp.Connect(UnixSocket);

    /// <summary>Creates a token and returns its secret.</summary>
    public async Task<string> CreateTokenAsync(string name, string role = "admin")
    {
        using var http = ConnectUnix();
        return await http.CreateTokenAsync(new { name, role });
    }

    /// <summary>Its standard error.</summary>
    public string StandardError
    {
        get
        {
            lock (_standardError)
                return _standardError.ToString();
        }
    }

    /// <summary>The lines of its log.</summary>
    public IReadOnlyList<string> Log => [.. _log];

    /// <summary>Starts it and does not wait.</summary>
    /// <param name="arguments">Its arguments; those for folder and addresses are added in front, so that these win.</param>
    /// <param name="folder">A folder of an earlier daemon to start in again, which then is the caller's to remove.</param>
    /// <param name="environment">More of the environment.</param>
    /// <param name="prefix">A program and its arguments that start the daemon, for instance <c>setpriv</c>.</param>
    public static DaemonProcess Start(
        IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null, params string[] prefix)
    {
        var home = folder ?? Directory.CreateTempSubdirectory("devmapd-test-").FullName;
        string[] command =
        [
            .. prefix, Environment.ProcessPath is { } dotnet && Path.GetFileName(dotnet) == "dotnet" ? dotnet : "dotnet",
            Path.Combine(AppContext.BaseDirectory, "devmapd.dll"),
            $"--ControlPlane:StateDirectory={Path.Combine(home, "state")}",
            $"--ControlPlane:Listen:UnixSocket={Path.Combine(home, "devmapd.sock")}",
            "--ControlPlane:Listen:Rest=http://127.0.0.1:0", "--ControlPlane:Listen:Grpc=http://127.0.0.1:0",
            .. arguments,
        ];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("JOURNAL_STREAM");
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        var daemon = new DaemonProcess(new Process { StartInfo = start, EnableRaisingEvents = true }, home, folder is null);
        daemon._process.OutputDataReceived += (_, line) => daemon.TakeLog(line.Data);
        daemon._process.ErrorDataReceived += (_, line) => daemon.TakeError(line.Data);
        daemon._process.Exited += (_, _) => daemon._ready.TrySetException(new InvalidOperationException("the daemon ended before it was ready"));
        daemon._process.Start();
        daemon._process.BeginOutputReadLine();
        daemon._process.BeginErrorReadLine();
        return daemon;
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<DaemonProcess> StartReadyAsync(params string[] arguments)
    {
        var daemon = Start(arguments);
        try
        {
            await daemon.WaitReadyAsync();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it has said in its log that it is ready.</summary>
    public async Task WaitReadyAsync()
    {
        try
        {
            await _ready.Task.WaitAsync(Deadline);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{e.Message}\n{StandardError}\n{string.Join('\n', Log)}", e);
        }
    }

    /// <summary>Waits until it has ended, and gives its exit code.</summary>
    public async Task<int> WaitExitAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    /// <summary>Sends it a signal, for instance <c>TERM</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Asks it to stop and gives its exit code.</summary>
    public async Task<int> StopAsync()
    {
        await SignalAsync("TERM");
        return await WaitExitAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await WaitExitAsync();
        _process.Dispose();
        if (_ownsFolder)
            Directory.Delete(_folder, recursive: true);
    }

    private void TakeError(string? line)
    {
        lock (_standardError)
            _standardError.AppendLine(line);
    }

    private void TakeLog(string? line)
    {
        if (line is null)
            return;
        _log.Enqueue(line);
        // The lines of a long run are many, and only the first ones have what is looked for.
        if (!line.StartsWith('{') || (_ready.Task.IsCompleted && _addresses.Count > 1))
            return;
        using var entry = TryParse(line);
        if (entry is null)
            return;
        if (entry.RootElement.TryGetProperty("What", out var what) && entry.RootElement.TryGetProperty("Address", out var address))
            _addresses[what.GetString()!] = address.GetString()!;
        else if (entry.RootElement.TryGetProperty("Devmaps", out _) && entry.RootElement.TryGetProperty("ElapsedMs", out _))
            _ready.TrySetResult();
    }

    // A daemon that is killed while it writes leaves a part of a line.
    private static JsonDocument? TryParse(string line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
