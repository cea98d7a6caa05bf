using System.Diagnostics;
using System.Globalization;

namespace ControlPlane.Bench.Harness;

/// <summary>Other programs, run to their end.</summary>
internal static class Commands
{
    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(60);

    private static string BaselineFolder { get; } = Path.Combine(AppContext.BaseDirectory, "baseline");

    /// <summary>Where the build put a baseline.</summary>
    public static string Baseline(string name) => Path.Combine(BaselineFolder, name);

    /// <summary>Runs a C baseline, which prints "metric nanoseconds" a line.</summary>
    public static async Task<Metrics> BaselineAsync(string name, params string[] arguments)
    {
        var metrics = new Metrics();
        foreach (var line in (await RunAsync(Baseline(name), arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ');
            metrics.Add(words[0], double.Parse(words[1], CultureInfo.InvariantCulture));
        }

        return metrics;
    }

    /// <summary>Runs a command and gives its standard output.</summary>
    /// <exception cref="InvalidOperationException">It did not end with 0.</exception>
    /// <exception cref="TimeoutException">It did not end; it has been killed.</exception>
    public static async Task<string> RunAsync(string command, params string[] arguments)
    {
        var line = $"{command} {string.Join(' ', arguments)}";
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true })!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync().WithinAsync(_limit, line);
            await process.WaitForExitAsync().WithinAsync(_limit, line);
            return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{line}: exit code {process.ExitCode}");
        }
        catch (TimeoutException)
        {
            process.Kill();
            throw;
        }
    }
}
