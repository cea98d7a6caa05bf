using System.Net.Sockets;
using System.Text.Json.Nodes;
using ControlPlane.Daemon.Hosting;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>The daemon as a process: what it refuses, how it says so, and with which code.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task UnknownArgument_EndsWithUsage()
    {
        await using var daemon = DaemonProcess.Start(["--simulate", "--verbose"]);
        Assert.Equal(ExitCodes.Usage, await daemon.WaitExitAsync());
        Assert.Contains("'--verbose'", daemon.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FaultyConfiguration_ListsEveryFaultOnStandardErrorAndInTheLog()
    {
        await using var daemon = DaemonProcess.Start(
            ["--simulate", "--ControlPlane:Writer:MaxBatch=0", "--ControlPlane:Devmaps:0:Name=Bad", "--Serilog:MinimumLevel:Default=Loud"],
            environment: new Dictionary<string, string> { ["ControlPlane__PinRot"] = "/x" });

        Assert.Equal(ExitCodes.Config, await daemon.WaitExitAsync());
        foreach (var fault in new[] { "4 errors", "ControlPlane:Writer:MaxBatch: ", "ControlPlane:Devmaps:0:Name: ", "ControlPlane:PinRot: ", "Serilog: " })
        {
            Assert.Contains(fault, daemon.StandardError, StringComparison.Ordinal);
            Assert.Contains(fault, Assert.Single(daemon.Log), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{ not json")]
    [InlineData(null)]
    public async Task SettingsFile_ThatCannotBeRead_IsAFaultOfTheConfiguration(string? content)
    {
        var file = Path.GetTempFileName();
        if (content is null)
            File.Delete(file);
        else
            await File.WriteAllTextAsync(file, content);
        await using var daemon = DaemonProcess.Start(["--simulate", "--config", file]);

        Assert.Equal(ExitCodes.Config, await daemon.WaitExitAsync());
        Assert.Contains(file, daemon.StandardError, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task SecondDaemon_OnTheSameState_IsRefusedWithTheFirstOnesPid()
    {
        await using var first = await DaemonProcess.StartReadyAsync("--simulate");
        await using var second = DaemonProcess.Start(["--simulate"], first.Folder);

        Assert.Equal(ExitCodes.AlreadyRunning, await second.WaitExitAsync());
        Assert.Contains($"process {first.Id}", second.StandardError, StringComparison.Ordinal);
        Assert.True(File.Exists(first.UnixSocket));
        Assert.Equal(ExitCodes.Ok, await first.StopAsync());
        Assert.False(File.Exists(first.UnixSocket));
    }

    [Fact]
    public async Task SecondDaemon_OnTheSameSocket_IsRefused()
    {
        await using var first = await DaemonProcess.StartReadyAsync("--simulate");
        await using var second = DaemonProcess.Start(["--simulate", $"--ControlPlane:Listen:UnixSocket={first.UnixSocket}"]);

        Assert.Equal(ExitCodes.AlreadyRunning, await second.WaitExitAsync());
        Assert.Contains(first.UnixSocket, second.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_LeavesASocket_WhichTheNextOneReplaces()
    {
        await using var first = await DaemonProcess.StartReadyAsync("--simulate");
        await first.SignalAsync("KILL");
        await first.WaitExitAsync();
        Assert.True(File.Exists(first.UnixSocket));

        await using var second = DaemonProcess.Start(["--simulate"], first.Folder);
        await second.WaitReadyAsync();
        Assert.Equal(ExitCodes.Ok, await second.StopAsync());
    }

    [Fact]
    public async Task FileInTheSocketsPlace_IsLeftAlone()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "precious");
        await using var daemon = DaemonProcess.Start(["--simulate", $"--ControlPlane:Listen:UnixSocket={file}"]);

        Assert.Equal(ExitCodes.CannotCreate, await daemon.WaitExitAsync());
        Assert.Equal("precious", await File.ReadAllTextAsync(file));
        File.Delete(file);
    }

    [Fact]
    public async Task TakenPort_IsNamed()
    {
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        await using var daemon = DaemonProcess.Start(["--simulate", $"--ControlPlane:Listen:Rest=http://{taken.LocalEndpoint}"]);

        Assert.Equal(ExitCodes.Unavailable, await daemon.WaitExitAsync());
        Assert.Contains(taken.LocalEndpoint.ToString()!, daemon.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", daemon.StandardError + string.Join('\n', daemon.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PinRootOutsideOfBpffs_IsRefusedBeforeAnythingIsMade()
    {
        await using var daemon = DaemonProcess.Start(["--ControlPlane:PinRoot=/tmp/devmapd-no-bpffs"]);

        Assert.Equal(ExitCodes.Unavailable, await daemon.WaitExitAsync());
        Assert.Contains("bpffs", daemon.StandardError, StringComparison.Ordinal);
        Assert.Contains("mount -t bpf", daemon.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists("/tmp/devmapd-no-bpffs"));
        Assert.False(Directory.Exists(Path.Combine(daemon.Folder, "state")));
    }

    [Fact]
    public async Task WithoutCapabilities_IsRefused_AndSimulationIsNot()
    {
        string[] drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"];
        await using var real = DaemonProcess.Start([], prefix: drop);
        Assert.Equal(ExitCodes.NoPermission, await real.WaitExitAsync());
        Assert.Contains("CAP_BPF", real.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", real.StandardError + string.Join('\n', real.Log), StringComparison.Ordinal);

        await using var simulated = DaemonProcess.Start(["--simulate"], prefix: drop);
        await simulated.WaitReadyAsync();
        Assert.Contains(simulated.Log, line => line.Contains("simulated", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Ok, await simulated.StopAsync());
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Signal_EndsItInOrder(string signal)
    {
        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate");
        await daemon.SignalAsync(signal);
        Assert.Equal(ExitCodes.Ok, await daemon.WaitExitAsync());
    }

    [Fact]
    public async Task TakenPort_LeavesNothingBehind()
    {
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        await using var daemon = DaemonProcess.Start(["--simulate", $"--ControlPlane:Listen:Grpc=http://{taken.LocalEndpoint}"]);

        Assert.Equal(ExitCodes.Unavailable, await daemon.WaitExitAsync());
        Assert.Empty(Directory.GetFileSystemEntries(daemon.Folder));
    }

    [Fact]
    public async Task UnixSocket_ThatCannotBeMade_IsRefusedAndLeavesNothingBehind()
    {
        await using var daemon = DaemonProcess.Start(["--simulate", "--ControlPlane:Listen:UnixSocket=/proc/devmapd.sock"]);

        Assert.Equal(ExitCodes.CannotCreate, await daemon.WaitExitAsync());
        Assert.Contains("/proc/devmapd.sock", daemon.StandardError, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(daemon.Folder));
    }

    [Fact]
    public async Task Log_OfARequest_HasItsIdAndItsTrace()
    {
        const string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate", "--Serilog:MinimumLevel:Override:ControlPlane.Daemon=Debug");
        using var client = daemon.ConnectUnix();
        foreach (var (id, parent) in new[] { ("first", trace), ("second", "00-not-a-trace") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/devmaps/none");
            request.Headers.Add("X-Request-Id", id);
            request.Headers.Add("traceparent", parent);
            (await client.SendAsync(request)).Dispose();
        }

        await daemon.StopAsync();

        var lines = daemon.Log.Select(line => JsonNode.Parse(line)!).ToList();
        var first = lines.Where(line => (string?)line["RequestId"] == "first").ToList();
        Assert.Contains(first, line => ((string)line["@m"]!).Contains("devmap_not_found", StringComparison.Ordinal));
        Assert.Contains(first, line => ((string)line["@m"]!).Contains("\"404\" in", StringComparison.Ordinal));
        Assert.All(first, line => Assert.Equal(trace, (string?)line["TraceParent"]));
        Assert.All(lines.Where(line => (string?)line["RequestId"] == "second"), line => Assert.Null(line["TraceParent"]));
    }
}
