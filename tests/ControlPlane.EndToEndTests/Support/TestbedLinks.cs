using System.Diagnostics;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>Many changes of interfaces in one batch.</summary>
internal static class TestbedLinks
{
    /// <summary>Runs commands of <c>ip</c> in the testbed's namespace, as fast as the kernel can.</summary>
    public static void Batch(this Testbed testbed, params IEnumerable<string> commands) =>
        testbed.Space.ShellWithInput(string.Join('\n', commands), "ip", "-batch", "-");

    /// <summary>Runs commands of <c>ip</c> while the daemon is stopped, so that it sees only the outcome.</summary>
    public static async Task BatchUnseenAsync(this Testbed testbed, params IEnumerable<string> commands)
    {
        await testbed.Runner.Daemon.SignalAsync("STOP");
        testbed.Batch(commands);
        await testbed.Runner.Daemon.SignalAsync("CONT");
    }

    /// <summary>Runs commands of <c>ip</c> in the testbed's namespace repeatedly, at a steady rate.</summary>
    public static async Task RepeatAsync(this Testbed testbed, int times, TimeSpan period, params string[] commands)
    {
        using var ip = testbed.Space.Start(new ProcessStartInfo("ip", ["-batch", "-"]) { RedirectStandardInput = true });
        using var timer = new PeriodicTimer(period);
        for (var i = 0; i < times; i++)
        {
            await timer.WaitForNextTickAsync();
            await ip.StandardInput.WriteAsync(string.Concat(commands.Select(c => $"{c}\n")));
            await ip.StandardInput.FlushAsync();
        }

        ip.StandardInput.Close();
        await ip.WaitForExitAsync();
        Assert.Equal(0, ip.ExitCode);
    }
}
