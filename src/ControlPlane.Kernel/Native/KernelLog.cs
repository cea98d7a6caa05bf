using ControlPlane.Core.Model;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel.Native;

/// <summary>All log messages of the kernel layer, under event ids 2000 to 2999. An id is never reused.</summary>
internal static partial class KernelLog
{
    /// <summary>libbpf begins the text with "libbpf: " itself.</summary>
    [LoggerMessage(EventId = 2000, Message = "{Text}")]
    public static partial void LibbpfMessage(ILogger logger, LogLevel level, string text);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "devmap {Devmap} created: map {MapId}, redirect program {ProgramId}")]
    public static partial void DevmapCreated(ILogger logger, string devmap, uint mapId, uint programId);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Information, Message = "devmap {Devmap} adopted: map {MapId}, redirect program {ProgramId}, {Links} links")]
    public static partial void DevmapAdopted(ILogger logger, string devmap, uint mapId, uint programId, int links);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "pins of an unfinished creation removed: {Folder}")]
    public static partial void RemovedUnfinished(ILogger logger, string folder);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Information, Message = "egress program {Program} loaded as {ProgramId}")]
    public static partial void ProgramLoaded(ILogger logger, string program, uint programId);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Information, Message = "egress program {Program} adopted as {ProgramId}")]
    public static partial void ProgramAdopted(ILogger logger, string program, uint programId);

    [LoggerMessage(EventId = 2006, Level = LogLevel.Information, Message = "devmap {Devmap} attached to {Interface} ({Mode}) by link {LinkId}")]
    public static partial void Attached(ILogger logger, string devmap, string @interface, AttachMode mode, uint linkId);

    [LoggerMessage(EventId = 2007, Level = LogLevel.Information, Message = "devmap {Devmap} detached from {Interface}")]
    public static partial void Detached(ILogger logger, string devmap, string @interface);

    [LoggerMessage(EventId = 2008, Level = LogLevel.Information, Message = "interrupted replacement of pins finished: {Folder}")]
    public static partial void FinishedReplacement(ILogger logger, string folder);

    [LoggerMessage(EventId = 2009, Level = LogLevel.Information, Message = "devmap {Devmap}: redirect program {From} replaced by the program of this build, {To}")]
    public static partial void RedirectUpgraded(ILogger logger, string devmap, uint from, uint to);

    [LoggerMessage(EventId = 2010, Level = LogLevel.Information, Message = "drop counters {Done}")]
    public static partial void DropsCounted(ILogger logger, string done);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning, Message = "drops after a redirect are not counted: {Reason}")]
    public static partial void DropsNotCounted(ILogger logger, string reason);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "devmap {Devmap}: redirect errors are not counted: {Reason}")]
    public static partial void DevmapDropsNotCounted(ILogger logger, string devmap, string reason);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Information, Message = "pass program attached to {Interface} by link {LinkId}")]
    public static partial void PassAttached(ILogger logger, string @interface, uint linkId);

    [LoggerMessage(EventId = 2014, Level = LogLevel.Information, Message = "pass program detached from {Interface}")]
    public static partial void PassDetached(ILogger logger, string @interface);

    [LoggerMessage(EventId = 2015, Level = LogLevel.Information, Message = "pass program adopted as {ProgramId}: {Links} links")]
    public static partial void PassAdopted(ILogger logger, uint programId, int links);

    [LoggerMessage(EventId = 2016, Level = LogLevel.Warning, Message = "the pins under {PinRoot} were made in a network namespace that no longer exists ({Namespace}); everything is built again")]
    public static partial void OtherNamespace(ILogger logger, string pinRoot, string @namespace);

    [LoggerMessage(EventId = 2019, Level = LogLevel.Information, Message = "devmap {Devmap}: no frame goes to a target's peer directly: {Reason}")]
    public static partial void NoPeerRedirect(ILogger logger, string devmap, string reason);

    [LoggerMessage(EventId = 2020, Level = LogLevel.Information, Message = "devmap {Devmap} has other settings: redirect program {ProgramId}")]
    public static partial void DevmapChanged(ILogger logger, string devmap, uint programId);

    [LoggerMessage(EventId = 2021, Level = LogLevel.Information, Message = "devmap {Devmap} removed")]
    public static partial void DevmapRemoved(ILogger logger, string devmap);

    [LoggerMessage(EventId = 2100, Level = LogLevel.Error, Message = "link monitor failed to read interfaces; next try in {RetryMs} ms")]
    public static partial void MonitorFailed(ILogger logger, int retryMs, Exception failure);

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "the kernel dropped link notifications (ENOBUFS); all {Count} interfaces were read again")]
    public static partial void NotificationsLost(ILogger logger, int count);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Error, Message = "a watcher of interfaces failed")]
    public static partial void WatcherFailed(ILogger logger, Exception failure);
}
