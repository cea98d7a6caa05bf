using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing.Loop;

/// <summary>The writer's log messages: event ids 1000 to 1006, 1012, 1014 and 1017 to 1029; 1008 is used up.</summary>
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

    [LoggerMessage(1005, LogLevel.Error, "The store cannot be written, and no change is made until it can: {Reason}")]
    public static partial void StoreRefused(ILogger logger, string reason, Exception exception);

    [LoggerMessage(1006, LogLevel.Error, "The store could not be set back after the kernel refused {Changes} changes; that is tried again with the next commit")]
    public static partial void StoreNotSetBack(ILogger logger, int changes, Exception exception);

    [LoggerMessage(1012, LogLevel.Error, "The kernel could not be asked for interfaces that changed; all are asked for again in {Seconds} s")]
    public static partial void LinksNotReconciled(ILogger logger, double seconds, Exception exception);

    [LoggerMessage(1023, LogLevel.Information, "The devmap {Devmap}, made by the API, is in the configuration now: it can be changed there alone")]
    public static partial void DevmapConfigured(ILogger logger, string devmap);

    [LoggerMessage(1024, LogLevel.Information, "The devmap {Devmap} was deleted, and the kernel lets go of it now")]
    public static partial void DevmapRemoved(ILogger logger, string devmap);

    [LoggerMessage(1025, LogLevel.Warning, "The pinned devmap {Devmap} is not the one that is stored, and is made again: {Reason}")]
    public static partial void DevmapMadeAgain(ILogger logger, string devmap, string reason);

    [LoggerMessage(1026, LogLevel.Warning, "The devmap {Devmap} is no longer in the configuration; it stays, and the API can change and delete it")]
    public static partial void DevmapNotConfigured(ILogger logger, string devmap);

    [LoggerMessage(1019, LogLevel.Information, "{Change:l}, revision {Revision}, by {Caller:l}, from {From:l}")]
    public static partial void Changed(ILogger logger, string change, long revision, string caller, string from);

    [LoggerMessage(1020, LogLevel.Warning, "The kernel refused to give all entries for {Interface} another egress program; they get the one before: {Reason}")]
    public static partial void SwapRefused(ILogger logger, string @interface, string reason);

    [LoggerMessage(1021, LogLevel.Warning, "The kernel refused a part of a table of the devmap {Devmap}; its entries get the specs that they had: {Reason}")]
    public static partial void TableRefused(ILogger logger, string devmap, string reason);

    [LoggerMessage(1027, LogLevel.Warning, "The table of the devmap {Devmap} waited for its confirmation when the daemon ended. {End:l}")]
    public static partial void TableTakenBack(ILogger logger, string devmap, string end);

    [LoggerMessage(1028, LogLevel.Error, "The table of the devmap {Devmap} was not confirmed, and the changes after revision {Revision} are no longer kept: it stays")]
    public static partial void TableNotTakenBack(ILogger logger, string devmap, long revision);

    [LoggerMessage(1022, LogLevel.Warning, "A change that is due failed, and is tried again soon: {Change:l}: {Reason}")]
    public static partial void NotEnded(ILogger logger, string change, string reason);

    [LoggerMessage(1029, LogLevel.Warning, "The table of the devmap {Devmap} that is not in use could not be released; the next start does that")]
    public static partial void CandidateNotReleased(ILogger logger, string devmap, Exception exception);

    [LoggerMessage(1014, LogLevel.Warning, "The kernel could not be asked for interfaces; the batch goes on with those that are known")]
    public static partial void InterfacesNotRead(ILogger logger, Exception exception);

    [LoggerMessage(1017, LogLevel.Debug, "The store still cannot be written: {Reason}")]
    public static partial void StoreRefusesStill(ILogger logger, string reason);

    [LoggerMessage(1018, LogLevel.Information, "The store can be written again")]
    public static partial void StoreWorks(ILogger logger);
}
