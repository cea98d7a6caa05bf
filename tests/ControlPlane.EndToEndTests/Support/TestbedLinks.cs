using System.Diagnostics;

namespace ControlPlane.EndToEndTests.Support;

/// <summary>Changes of interfaces, many in one go.</summary>
internal static class TestbedLinks
{
    /// <summary>Runs these commands of <c>ip</c> in the testbed's namespace as fast as the kernel takes them.</summary>
    public static void Batch(this Testbed testbed, params IEnumerable<string> commands) =>
        testbed.Space.ShellWithInput(string.Join('\n', commands), "ip", "-batch", "-");

    /// <summary>The same while the daemon stands still: it finds what they have led to, and no step of the way.</summary>
    public static async Task BatchUnseenAsync(this Testbed testbed, params IEnumerable<string> commands)
    {
        await testbed.Runner.Daemon.SignalAsync("STOP");
        testbed.Batch(commands);
        await testbed.Runner.Daemon.SignalAsync("CONT");
    }

    /// <summary>Runs these commands of <c>ip</c> in the testbed's namespace again and again, at a steady rate.</summary>
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
