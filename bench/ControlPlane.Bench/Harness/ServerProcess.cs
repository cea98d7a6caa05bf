using System.Diagnostics;
using System.Globalization;
using ControlPlane.Client;
using Devmapd.V1;

namespace ControlPlane.Bench.Harness;

/// <summary>A server under measurement: the daemon, or one beside it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan _startLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _endLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _answerLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(2);

    private readonly Process _process;
    private readonly string _program;

    private ServerProcess(Process process, string program, string grpc)
    {
        (_process, _program, Grpc) = (process, program, grpc);
        Leftovers.Add(this, _process.Kill);

        // A thread of its own: reading a pipe blocks, and a pool of as many threads as cores would be short of one.
        new Thread(() => process.StandardOutput.BaseStream.CopyTo(Stream.Null)) { IsBackground = true, Name = "output" }.Start();
    }

    /// <summary>Where the daemon serves REST.</summary>
    public const string Rest = "http://127.0.0.1:5080";

    public string Grpc { get; }

    /// <summary>The token that clients of the daemon send; null for another server.</summary>
    public string? Token { get; private set; }

    /// <summary>Time from the start of the process to the first good answer about its health.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>CPU time it has used, over all its threads.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts the daemon on these pins and this state, listening where it does by default, and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartDaemonAsync(PinRoot pins, StateFolder state)
    {
        const string Grpc = "http://127.0.0.1:5081";
        var definition = Devmaps.Default;
        var daemon = await StartAsync(
            Environment.GetEnvironmentVariable("DEVMAPD") ?? throw new InvalidOperationException("DEVMAPD must name the daemon's executable"),
            [
                $"--ControlPlane:PinRoot={pins.Path}",
                $"--ControlPlane:StateDirectory={state.Path}",
                $"--ControlPlane:Listen:Rest={Rest}",
                $"--ControlPlane:Listen:Grpc={Grpc}",
                $"--ControlPlane:Listen:UnixSocket={SocketOf(state)}",
                $"--ControlPlane:Devmaps:0:Name={definition.Name}",
                string.Create(CultureInfo.InvariantCulture, $"--ControlPlane:Devmaps:0:MaxEntries={definition.Spec.MaxEntries}"),
                "--ControlPlane:Devmaps:0:KeySelector=ipv4Destination",
            ],
            Rest + "/readyz",
            Grpc);
        using var client = DevmapdClient.Connect($"unix:{SocketOf(state)}");
        var name = string.Create(CultureInfo.InvariantCulture, $"bench-{Stopwatch.GetTimestamp()}");
        daemon.Token = (await client.Tokens.CreateTokenAsync(new CreateTokenRequest { Name = name, Role = Role.Admin })).Secret;
        return daemon;
    }

    /// <summary>Returns the path of the daemon's unix socket.</summary>
    public static string SocketOf(StateFolder state) => Path.Combine(state.Path, "devmapd.sock");

    /// <summary>Starts this program as the echo server and waits until it serves.</summary>
    public static Task<ServerProcess> StartEchoAsync()
    {
        var (rest, grpc) = ("http://127.0.0.1:5090", "http://127.0.0.1:5091");
        return StartAsync(Environment.ProcessPath!, ["echo", rest, grpc], rest + "/readyz", grpc);
    }

    /// <summary>Starts etcd, a cluster of one, on this folder and waits until it has elected itself.</summary>
    public static Task<ServerProcess> StartEtcdAsync(StateFolder state)
    {
        var (client, peer) = ("http://127.0.0.1:5092", "http://127.0.0.1:5093");
        return StartAsync(
            Environment.GetEnvironmentVariable("ETCD") ?? throw new InvalidOperationException("ETCD must name etcd's executable"),
            [
                "--data-dir", state.Path, "--logger", "zap", "--log-level", "error",
                "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"default={peer}",
            ],
            client + "/health",
            client);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_program}, process {_process.Id}");

    /// <summary>Sends it a signal, for instance <c>TERM</c>.</summary>
    public Task SignalAsync(string signal) => Commands.RunAsync("kill", $"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await SignalAsync("TERM");
        try
        {
            await _process.WaitForExitAsync().WithinAsync(_endLimit, $"the end of {this} after SIGTERM");
        }
        catch (TimeoutException e)
        {
            // Said and not thrown: it would hide what came first.
            Console.Error.WriteLine(e.Message);
            _process.Kill();
            await _process.WaitForExitAsync().WithinAsync(_endLimit, $"the end of {this} after SIGKILL");
        }

        Leftovers.Forget(this);
        _process.Dispose();
    }

    private static async Task<ServerProcess> StartAsync(string program, string[] arguments, string health, string grpc)
    {
        var started = Stopwatch.GetTimestamp();
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var server = new ServerProcess(process, program, grpc);
        using var client = new HttpClient { Timeout = _answerLimit };
        while (!await IsReadyAsync(client, health))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > _startLimit)
            {
                var why = process.HasExited
                    ? string.Create(CultureInfo.InvariantCulture, $"ended with {process.ExitCode}")
                    : string.Create(CultureInfo.InvariantCulture, $"does not serve {health} after {_startLimit.TotalSeconds} s");
                await server.DisposeAsync();
                throw new InvalidOperationException($"{program} {why}");
            }

            await Task.Delay(_pollInterval);
        }

        server.StartTime = Stopwatch.GetElapsedTime(started);
        return server;
    }

    // No answer, a bad one and none in time are the same here: not yet.
    private static async Task<bool> IsReadyAsync(HttpClient client, string health)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(health));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
