using System.Diagnostics;
using System.Globalization;

namespace ControlPlane.Bench.Harness;

/// <summary>A server under measurement: the daemon, or the echo server beside it. Listens where the daemon does by default.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(2);

    private readonly Process _process;
    private readonly DirectoryInfo? _state;

    private ServerProcess(Process process, string rest, string grpc, DirectoryInfo? state) =>
        (_process, Rest, Grpc, _state) = (process, rest, grpc, state);

    public string Rest { get; }

    public string Grpc { get; }

    /// <summary>Time from the start of the process to the first good answer of /readyz.</summary>
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

    /// <summary>Starts the daemon on these pins and waits until it is ready.</summary>
    public static Task<ServerProcess> StartDaemonAsync(PinRoot pins)
    {
        var program = Environment.GetEnvironmentVariable("DEVMAPD") ?? throw new InvalidOperationException("DEVMAPD must name the daemon's executable");
        var state = Directory.CreateTempSubdirectory("devmapd-bench-");
        var (rest, grpc) = ("http://127.0.0.1:5080", "http://127.0.0.1:5081");
        var definition = Devmaps.Default;
        return StartAsync(
            program,
            [
                $"--ControlPlane:PinRoot={pins.Path}",
                $"--ControlPlane:StateDirectory={state.FullName}",
                $"--ControlPlane:Listen:Rest={rest}",
                $"--ControlPlane:Listen:Grpc={grpc}",
                "--ControlPlane:Listen:UnixSocket=",
                $"--ControlPlane:Devmaps:0:Name={definition.Name}",
                string.Create(CultureInfo.InvariantCulture, $"--ControlPlane:Devmaps:0:MaxEntries={definition.MaxEntries}"),
                "--ControlPlane:Devmaps:0:KeySelector=ipv4Destination",
            ],
            rest,
            grpc,
            state);
    }

    /// <summary>Starts this program as the echo server and waits until it serves.</summary>
    public static Task<ServerProcess> StartEchoAsync()
    {
        var (rest, grpc) = ("http://127.0.0.1:5090", "http://127.0.0.1:5091");
        return StartAsync(Environment.ProcessPath!, ["echo", rest, grpc], rest, grpc, null);
    }

    /// <summary>Sends it a signal, for instance <c>TERM</c>.</summary>
    public Task SignalAsync(string signal) => Commands.RunAsync("kill", $"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await SignalAsync("TERM");
        await _process.WaitForExitAsync();
        _process.Dispose();
        _state?.Delete(recursive: true);
    }

    private static async Task<ServerProcess> StartAsync(string program, string[] arguments, string rest, string grpc, DirectoryInfo? state)
    {
        var started = Stopwatch.GetTimestamp();
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        _ = process.StandardOutput.ReadToEndAsync();
        var server = new ServerProcess(process, rest, grpc, state);
        using var client = new HttpClient();
        while (!await IsReadyAsync(client, rest))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > _deadline)
            {
                await server.DisposeAsync();
                throw new InvalidOperationException($"{program} does not serve");
            }

            await Task.Delay(_pollInterval);
        }

        server.StartTime = Stopwatch.GetElapsedTime(started);
        return server;
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, string rest)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(rest + "/readyz"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
