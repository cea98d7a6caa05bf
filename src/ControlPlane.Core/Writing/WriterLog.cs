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

    [LoggerMessage(1005, LogLevel.Error, "The store refused a batch of {Commands} changes; none was made")]
    public static partial void StoreRefused(ILogger logger, int commands, Exception exception);

    [LoggerMessage(1006, LogLevel.Error, "The store could not be set back after the kernel refused {Changes} changes; that is tried again with the next commit")]
    public static partial void StoreNotSetBack(ILogger logger, int changes, Exception exception);

    [LoggerMessage(1007, LogLevel.Warning, "Devmap {Devmap}: removed {Elements} elements from the kernel that nobody asked for")]
    public static partial void ForeignRemoved(ILogger logger, string devmap, int elements);

    [LoggerMessage(1014, LogLevel.Warning, "The kernel could not be asked what targets need; that is tried again with the next change")]
    public static partial void TargetsNotEnsured(ILogger logger, Exception exception);

    [LoggerMessage(1011, LogLevel.Error, "'{Entry}' could not be set back to the egress program it had; the next audit does that")]
    public static partial void EntryNotSetBack(ILogger logger, string entry, Exception exception);

    [LoggerMessage(1012, LogLevel.Error, "The kernel could not be asked for interfaces that changed; all are asked for again in {Seconds} s")]
    public static partial void LinksNotReconciled(ILogger logger, double seconds, Exception exception);

    [LoggerMessage(1013, LogLevel.Warning, "The kernel could not be asked which entry waits for the kernel key {KernelKey}; it waits for the next change of its interface")]
    public static partial void KeyNotRetried(ILogger logger, uint kernelKey, Exception exception);

    [LoggerMessage(1009, LogLevel.Warning, "'{Target}' needs an XDP program on '{Device}' to accept redirected frames, and the kernel refuses it: {Reason}")]
    public static partial void TargetNotEnsured(ILogger logger, string target, string device, string reason);

    [LoggerMessage(1010, LogLevel.Warning, "The pass program on '{Device}' is needed no more, and the kernel refuses to detach it: {Reason}")]
    public static partial void TargetNotReleased(ILogger logger, string device, string reason);

    [LoggerMessage(1008, LogLevel.Warning, "The store has entries of the devmap {Devmap}, which is not configured; they stay in the store")]
    public static partial void DevmapNotConfigured(ILogger logger, string devmap);
}
