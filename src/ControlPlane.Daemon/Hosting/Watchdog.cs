using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The watchdog of systemd (<c>sd_watchdog_enabled(3)</c>): a service that does not report for a while is killed and started again.</summary>
/// <param name="notifier">Reports to systemd; null without systemd.</param>
/// <param name="timeout">The time that systemd waits; null without a watchdog.</param>
internal sealed class Watchdog(ISystemdNotifier? notifier, TimeSpan? timeout)
{
    private static readonly TimeSpan DefaultPeriod = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    /// <summary>The time between two checks. A check and its patience take at most half of the time that systemd waits.</summary>
    public TimeSpan Period => timeout is { } wait && wait / 6 < DefaultPeriod ? wait / 6 : DefaultPeriod;

    /// <summary>The time that a check waits for the writer and for an answer.</summary>
    public TimeSpan Patience => timeout is { } wait && wait / 3 < DefaultPatience ? wait / 3 : DefaultPatience;

    /// <summary>Reports to systemd that the daemon works.</summary>
    public void Feed()
    {
        if (timeout is not null)
            notifier?.Notify(new ServiceState("WATCHDOG=1"));
    }

    /// <summary>Returns the time that systemd waits for a report of this process; null if it does not wait.</summary>
    public static TimeSpan? ReadTimeout()
    {
        var process = Environment.GetEnvironmentVariable("WATCHDOG_PID");
        var isOurs = string.IsNullOrEmpty(process) || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return isOurs
            && long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            && microseconds > 0
                ? TimeSpan.FromMicroseconds(microseconds)
                : null;
    }
}
