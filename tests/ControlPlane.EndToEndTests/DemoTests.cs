using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>The demo without a terminal. It leaves nothing, however it ends.</summary>
public sealed partial class DemoTests
{
    [Fact]
    public async Task Demo_ForSomeSeconds_ShowsEverySelectorAndStateAndCleansUp()
    {
        await using var demo = await Run.StartAsync("--seconds", "6");

        Assert.Equal(0, await demo.EndAsync());

        foreach (var expected in new[] { "ports", "vlans", "routes", "10.0.0.7", "untag", "Pending (NoSuchInterface)", "Undeliverable (TemplateDrops)" })
            Assert.Contains(expected, demo.Output, StringComparison.Ordinal);
        // A row of the table has the packets that the daemon counted and those that arrived. All have arrived at the end.
        var first = demo.Output.Split('\n').Last(l => l.Contains("│ ports", StringComparison.Ordinal) && l.Contains("-in1", StringComparison.Ordinal));
        var cells = first.Split('│', StringSplitOptions.TrimEntries);
        Assert.True(int.Parse(cells[6], NumberStyles.Number, CultureInfo.InvariantCulture) > 1000, first);
        Assert.True(int.Parse(cells[10], NumberStyles.Number, CultureInfo.InvariantCulture) > 1000, first);
        demo.AssertNothingLeft();
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Demo_Interrupted_ServesUntilThenAndCleansUp(string signal)
    {
        await using var demo = await Run.StartAsync("--seconds", "60");
        using var http = new HttpClient();
        Assert.Contains("swagger", await http.GetStringAsync(new Uri(demo.Swagger)), StringComparison.OrdinalIgnoreCase);

        Shell.Run("kill", $"-{signal}", demo.Id.ToString(CultureInfo.InvariantCulture));

        Assert.Equal(0, await demo.EndAsync());
        demo.AssertNothingLeft();
    }

    [Fact]
    public async Task Demo_DaemonDies_SaysSoAndCleansUp()
    {
        await using var demo = await Run.StartAsync("--seconds", "9");

        Shell.Run("kill", "-KILL", demo.DaemonId.ToString(CultureInfo.InvariantCulture));

        Assert.Equal(1, await demo.EndAsync());
        Assert.Contains("the demo failed", demo.Errors, StringComparison.Ordinal);
        demo.AssertNothingLeft();
    }

    [Fact]
    public async Task Demo_WithoutPrivileges_SaysWhatIsMissing()
    {
        await using var demo = Run.Start(["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]);

        Assert.Equal(77, await demo.EndAsync());
        Assert.Contains("CAP_BPF", demo.Errors, StringComparison.Ordinal);
        Assert.Contains("--simulate", demo.Errors, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"Swagger UI\s+(\S+)")]
    private static partial Regex SwaggerAddress();

    [GeneratedRegex(@"runs as process (\d+)")]
    private static partial Regex DaemonProcessId();

    [GeneratedRegex(@"pinned (\S+)/devmaps")]
    private static partial Regex PinRoot();

    /// <summary>A running demo.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
        private readonly Process _process;
        private readonly Task<string> _errors;
        private readonly List<string> _lines = [];
        private readonly TaskCompletionSource _introduced = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Run(Process process)
        {
            _process = process;
            _errors = process.StandardError.ReadToEndAsync();
            process.OutputDataReceived += (_, line) => Take(line.Data);
            process.BeginOutputReadLine();
        }

        public int Id => _process.Id;

        public string Output
        {
            get
            {
                lock (_lines)
                    return string.Join('\n', _lines);
            }
        }

        public string Errors => _errors.GetAwaiter().GetResult();

        public string Swagger => SwaggerAddress().Match(Output).Groups[1].Value;

        public int DaemonId => int.Parse(DaemonProcessId().Match(Output).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

        public static Run Start(string[] prefix, params string[] arguments)
        {
            string[] command = [.. prefix, "dotnet", Path.Combine(AppContext.BaseDirectory, "devmapd-demo.dll"), .. arguments];
            return new Run(Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!);
        }

        /// <summary>Starts the demo and waits for the end of its introduction.</summary>
        public static async Task<Run> StartAsync(params string[] arguments)
        {
            var demo = Start([], arguments);
            await demo._introduced.Task.WaitAsync(Deadline);
            return demo;
        }

        public async Task<int> EndAsync()
        {
            using var deadline = new CancellationTokenSource(Deadline);
            await _process.WaitForExitAsync(deadline.Token);
            return _process.ExitCode;
        }

        public void AssertNothingLeft()
        {
            Assert.DoesNotContain(
                NetworkNamespace.Initial.InterfaceNames(), name => name.StartsWith($"x{Id:x}-", StringComparison.Ordinal));
            Assert.False(Directory.Exists(PinRoot().Match(Output).Groups[1].Value));
            Assert.False(Directory.Exists($"/proc/{DaemonId}"));
            Assert.Contains("Removed everything", Output, StringComparison.Ordinal);
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true); // with its daemon; the interfaces go with their namespaces
            await EndAsync();
            _process.Dispose();
        }

        private void Take(string? line)
        {
            if (line is null)
            {
                _introduced.TrySetException(new InvalidOperationException($"the demo ended: {Output} {Errors}"));
                return;
            }

            lock (_lines)
                _lines.Add(line);
            if (line.Length == 0)
                _introduced.TrySetResult(); // the empty line after the introduction
        }
    }
}
