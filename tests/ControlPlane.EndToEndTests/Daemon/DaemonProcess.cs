using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Daemon;

/// <summary>The daemon as users run it: a process of its own on the real kernel, with pins, state and ports nobody else has.</summary>
internal sealed class DaemonProcess : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly StringBuilder _log = new();
    private readonly string _name = LabNames.Next();
    private readonly Process _process;

    private DaemonProcess()
    {
        Client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{FreePort()}") };
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "devmapd.dll"),
                $"--ControlPlane:PinRoot={PinRoot}",
                $"--ControlPlane:StateDirectory={StateDirectory}",
                $"--ControlPlane:Listen:Rest={Client.BaseAddress.GetLeftPart(UriPartial.Authority)}",
                $"--ControlPlane:Listen:Grpc=http://127.0.0.1:{FreePort()}",
                $"--ControlPlane:Listen:UnixSocket={Path.Combine(StateDirectory, "devmapd.sock")}",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Directory.CreateDirectory(StateDirectory);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Speaks REST with it.</summary>
    public HttpClient Client { get; }

    private string PinRoot => $"/sys/fs/bpf/{_name}";

    private string StateDirectory => Path.Combine(Path.GetTempPath(), $"devmapd-{_name}");

    /// <summary>Starts it and waits until it serves.</summary>
    public static async Task<DaemonProcess> StartAsync()
    {
        var daemon = new DaemonProcess();
        try
        {
            await Eventually.Async(daemon.IsReadyAsync, TimeSpan.FromSeconds(60), "the daemon is ready");
            return daemon;
        }
        catch (Exception e)
        {
            var log = daemon.Log;
            await daemon.DisposeAsync();
            throw new InvalidOperationException($"the daemon did not start:\n{log}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Shell.Run("kill", "-TERM", _process.Id.ToString(CultureInfo.InvariantCulture));
            using var limit = new CancellationTokenSource(StopLimit);
            await _process.WaitForExitAsync(limit.Token);
        }

        _process.Dispose();
        Client.Dispose();
        // What is pinned outlives the daemon by design; here it must not.
        if (Directory.Exists(PinRoot))
            Directory.Delete(PinRoot, recursive: true);
        Directory.Delete(StateDirectory, recursive: true);
    }

    private string Log
    {
        get
        {
            lock (_log)
                return _log.ToString();
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process.HasExited)
            throw new InvalidOperationException($"it ended with {_process.ExitCode}");
        try
        {
            using var response = await Client.GetAsync("/readyz");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        lock (_log)
            _log.AppendLine(line);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
