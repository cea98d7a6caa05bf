using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Netlink;

/// <summary>Log messages of the netlink monitor.</summary>
internal static partial class NetlinkLog
{
    [LoggerMessage(EventId = 2100, Level = LogLevel.Error, Message = "Interfaces could not be read by netlink; next try in {RetryMs} ms")]
    public static partial void MonitorFailed(ILogger logger, int retryMs, Exception failure);

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "The kernel dropped link notifications (ENOBUFS); all {Count} interfaces were read again")]
    public static partial void NotificationsLost(ILogger logger, int count);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Error, Message = "A watcher of interfaces failed")]
    public static partial void WatcherFailed(ILogger logger, Exception failure);
}
