using System.Diagnostics;

namespace ControlPlane.CliTests;

/// <summary>devmapctl as a process: in a terminal, and completed by shells.</summary>
public sealed class ShellTests(SimulatedDaemon daemon) : IClassFixture<SimulatedDaemon>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Terminal_HasColours_AndALiveTable()
    {
        await daemon.Ctl.OkAsync("set", "400", "sim1");
        Assert.Contains("\u001b[32mForwarding", await InTerminalAsync("devmapctl get entries"), StringComparison.Ordinal);
        Assert.DoesNotMatch("\u001b\\[[0-9;]*m", await InTerminalAsync("NO_COLOR=1 devmapctl get entries"));
        Assert.DoesNotContain("\u001b", await RunAsync("sh", "devmapctl get entries"), StringComparison.Ordinal);
        var top = await InTerminalAsync("devmapctl top --count 3 --interval 50ms");
        Assert.Contains("400", top, StringComparison.Ordinal);
        Assert.Contains("▁▁", top, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "source <(devmapctl completion bash); COMP_LINE='devmapctl get en'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(devmapctl get en); COMP_CWORD=2; _devmapctl; echo \"${COMPREPLY[@]}\"", "entries")]
    [InlineData("bash", "source <(devmapctl completion bash); COMP_LINE='devmapctl attach si'; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(devmapctl attach si); COMP_CWORD=2; _devmapctl; echo \"${COMPREPLY[@]}\"", "sim0 sim1 sim2 sim3")]
    [InlineData("zsh", "autoload -U compinit; compinit -u -D; source <(devmapctl completion zsh); compadd() { shift; print -l -- $@ }; words=(devmapctl get en); CURRENT=3; _devmapctl", "entries")]
    [InlineData("fish", "devmapctl completion fish | source; complete -C 'devmapctl get en'", "entries")]
    [InlineData("fish", "devmapctl completion fish | source; complete -C 'devmapctl attach sim'", "sim0 sim1 sim2 sim3")]
    public async Task Completion_WorksInItsShell(string shell, string script, string candidates) =>
        Assert.Equal(candidates, string.Join(' ', (await RunAsync(shell, script)).Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Distinct()));

    [Fact]
    public async Task Ui_IsForTheHolderOfTheLinkAlone()
    {
        using var process = Start("sh", "exec devmapctl ui --no-browser");
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        var link = new Uri(line.Split(' ')[1]);
        using var browser = new HttpClient();
        using var stranger = new HttpClient();

        Assert.Contains("swagger", await browser.GetStringAsync(link), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\"name\":\"default\"", await browser.GetStringAsync(new Uri(link, "/v1/devmaps/default")), StringComparison.Ordinal);
        Assert.Equal(403, (int)(await stranger.GetAsync(new Uri(link, "/v1/devmaps/default"))).StatusCode);
        using var foreign = new HttpRequestMessage(HttpMethod.Delete, new Uri(link, "/v1/devmaps/default/entries/1")) { Headers = { { "Origin", "http://evil.example" } } };
        Assert.Equal(403, (int)(await browser.SendAsync(foreign)).StatusCode);
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
    }

    private Task<string> InTerminalAsync(string command)
    {
        var script = Path.Combine(_folder, "command.sh");
        File.WriteAllText(script, command);
        return RunAsync("sh", $"script -qefc 'sh {script}' /dev/null </dev/null");
    }

    private async Task<string> RunAsync(string shell, string script)
    {
        using var process = Start(shell, script);
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{shell}: {process.ExitCode}\n{output}{await error}");
        return output;
    }

    private Process Start(string shell, string script)
    {
        var start = new ProcessStartInfo(shell, ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["DEVMAPCTL_ADDRESS"] = $"unix:{daemon.Process.UnixSocket}";
        start.Environment["DEVMAPCTL_CONFIG"] = Path.Combine(_folder, "none.yaml");
        start.Environment["XDG_CONFIG_HOME"] = _folder;
        start.Environment["XDG_DATA_HOME"] = _folder;
        start.Environment["HOME"] = _folder;
        start.Environment["TERM"] = "xterm";
        start.Environment.Remove("NO_COLOR");
        return Process.Start(start)!;
    }
}
