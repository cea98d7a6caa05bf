using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Netlink;

/// <summary>Log messages of the netlink monitor.</summary>
internal static partial class NetlinkLog
{
    [LoggerMessage(2100, LogLevel.Error, "Interfaces could not be read by netlink; next try in {RetryMs} ms")]
    public static partial void MonitorFailed(ILogger logger, int retryMs, Exception failure);

    [LoggerMessage(2101, LogLevel.Warning, "The kernel dropped link notifications (ENOBUFS); all {Count} interfaces were read again")]
    public static partial void NotificationsLost(ILogger logger, int count);

    [LoggerMessage(2102, LogLevel.Error, "A watcher of interfaces failed")]
    public static partial void WatcherFailed(ILogger logger, Exception failure);
}
