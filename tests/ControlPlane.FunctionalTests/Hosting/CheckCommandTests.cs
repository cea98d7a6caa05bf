using ControlPlane.Daemon.Hosting;
using ControlPlane.TestCommon;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary><c>devmapd check-config</c> and <c>devmapd check-ready</c>, as processes.</summary>
public sealed class CheckCommandTests
{
    [Fact]
    public async Task Config_WithoutErrors_IsValid()
    {
        await using var check = DaemonProcess.Start(["check-config"]);
        Assert.Equal(ExitCodes.Ok, await check.WaitExitAsync());
        Assert.Contains("The configuration is valid.", check.Log);
    }

    [Fact]
    public async Task Config_WithErrors_ListsThem()
    {
        await using var check = DaemonProcess.Start(["check-config", "--ControlPlane:Writer:MaxBatch=0", "--ControlPlane:Devmaps:0:Name=Bad"]);
        Assert.Equal(ExitCodes.Config, await check.WaitExitAsync());
        Assert.Contains("ControlPlane:Writer:MaxBatch", check.StandardError, StringComparison.Ordinal);
        Assert.Contains("ControlPlane:Devmaps:0:Name", check.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ready_BesideADaemon_AndWithout()
    {
        await using var daemon = await DaemonProcess.StartReadyAsync("--simulate");
        await using (var check = DaemonProcess.Start(["check-ready"], daemon.Folder))
        {
            Assert.True(await check.WaitExitAsync() == ExitCodes.Ok, check.StandardError + string.Join('\n', check.Log));
            Assert.Contains(check.Log, line => line.Contains("\"ready\"", StringComparison.Ordinal));
        }

        await daemon.StopAsync();
        await using var without = DaemonProcess.Start(["check-ready"], daemon.Folder);
        Assert.Equal(ExitCodes.Unavailable, await without.WaitExitAsync());
        Assert.Contains(daemon.UnixSocket, without.StandardError, StringComparison.Ordinal);
    }
}
