using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ControlPlane.TestCommon;

/// <summary>A daemon on the simulated kernel with a terminal, by script(1). It prints a login link there.</summary>
public sealed partial class TerminalDaemon : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-terminal-").FullName;
    private readonly Process _script;

    private TerminalDaemon()
    {
        var command = $"dotnet {AppContext.BaseDirectory}devmapd.dll --simulate --ControlPlane:StateDirectory={_folder}/state --ControlPlane:PinRoot={_folder}/pins "
            + $"--ControlPlane:Listen:UnixSocket={_folder}/devmapd.sock --ControlPlane:Listen:Rest=http://127.0.0.1:0";
        _script = Process.Start(new ProcessStartInfo("script", ["-qefc", command, "/dev/null"]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
    }

    /// <summary>Where REST is served.</summary>
    public Uri Rest { get; private set; } = null!;

    /// <summary>The login link.</summary>
    public Uri Link { get; private set; } = null!;

    /// <summary>Starts it, and waits for the link.</summary>
    public static async Task<TerminalDaemon> StartAsync(CancellationToken cancellation)
    {
        var daemon = new TerminalDaemon();
        try
        {
            while (daemon.Link is null)
            {
                var line = await daemon._script.StandardOutput.ReadLineAsync(cancellation) ?? throw new InvalidOperationException("the daemon ended");
                if (LoginLink().Match(line) is { Success: true } link)
                    (daemon.Rest, daemon.Link) = (new Uri(link.Groups[1].Value), new Uri(link.Value));
            }

            // A terminal that nobody reads would stop the daemon.
            _ = daemon._script.StandardOutput.ReadToEndAsync(CancellationToken.None);
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_script.HasExited)
            _script.Kill(entireProcessTree: true);
        await _script.WaitForExitAsync();
        _script.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [GeneratedRegex(@"(http://127\.0\.0\.1:\d+)/login\?code=[A-Za-z0-9_-]+")]
    private static partial Regex LoginLink();
}
