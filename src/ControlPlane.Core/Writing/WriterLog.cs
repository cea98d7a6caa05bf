using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing;

/// <summary>The writer's log messages: event ids 1000 to 1099.</summary>
internal static partial class WriterLog
{
    [LoggerMessage(1000, LogLevel.Information, "Devmap {Devmap} is open (adopted: {Adopted}) with {Entries} entries and {Attachments} attachments")]
    public static partial void DevmapOpened(ILogger logger, string devmap, bool adopted, int entries, int attachments);

    [LoggerMessage(1001, LogLevel.Information, "The writer is ready")]
    public static partial void Ready(ILogger logger);

    [LoggerMessage(1002, LogLevel.Debug, "Interfaces changed: {Names}")]
    public static partial void LinksChanged(ILogger logger, string names);

    [LoggerMessage(1003, LogLevel.Critical, "The writer's loop has ended by an exception; the daemon must restart")]
    public static partial void LoopDied(ILogger logger, Exception exception);

    [LoggerMessage(1004, LogLevel.Information, "The writer has stopped; {Failed} commands were not begun")]
    public static partial void Stopped(ILogger logger, int failed);
}
