using ControlPlane.Core.Attachments;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel;

internal static partial class KernelLog
{
    /// <summary>The text begins with "libbpf: " of itself.</summary>
    [LoggerMessage(EventId = 2000, Message = "{Text}")]
    public static partial void LibbpfSaid(ILogger logger, LogLevel level, string text);

    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "devmap {Devmap} created: map {MapId}, redirect program {ProgramId}")]
    public static partial void DevmapCreated(ILogger logger, string devmap, uint mapId, uint programId);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Information, Message = "devmap {Devmap} adopted: map {MapId}, redirect program {ProgramId}, {Links} links")]
    public static partial void DevmapAdopted(ILogger logger, string devmap, uint mapId, uint programId, int links);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "removed pins of a creation that did not finish: {Folder}")]
    public static partial void RemovedUnfinished(ILogger logger, string folder);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Information, Message = "egress program {Program} loaded as {ProgramId}")]
    public static partial void ProgramLoaded(ILogger logger, string program, uint programId);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Information, Message = "egress program {Program} adopted as {ProgramId}")]
    public static partial void ProgramAdopted(ILogger logger, string program, uint programId);

    [LoggerMessage(EventId = 2006, Level = LogLevel.Information, Message = "devmap {Devmap} attached to {Interface} ({Mode}) by link {LinkId}")]
    public static partial void Attached(ILogger logger, string devmap, string @interface, AttachMode mode, uint linkId);

    [LoggerMessage(EventId = 2007, Level = LogLevel.Information, Message = "devmap {Devmap} detached from {Interface}")]
    public static partial void Detached(ILogger logger, string devmap, string @interface);

    [LoggerMessage(EventId = 2008, Level = LogLevel.Information, Message = "finished the replacement of pins that was cut off: {Folder}")]
    public static partial void FinishedReplacement(ILogger logger, string folder);

    [LoggerMessage(EventId = 2009, Level = LogLevel.Information, Message = "devmap {Devmap}: redirect program {From} replaced by this build's, {To}")]
    public static partial void RedirectUpgraded(ILogger logger, string devmap, uint from, uint to);

    [LoggerMessage(EventId = 2010, Level = LogLevel.Information, Message = "drop counters {Done}")]
    public static partial void DropsCounted(ILogger logger, string done);

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning, Message = "what the kernel drops after a redirect is not counted: {Reason}")]
    public static partial void DropsNotCounted(ILogger logger, string reason);

    [LoggerMessage(EventId = 2012, Level = LogLevel.Warning, Message = "devmap {Devmap}: its redirect errors are not counted: {Reason}")]
    public static partial void DevmapDropsNotCounted(ILogger logger, string devmap, string reason);

    [LoggerMessage(EventId = 2013, Level = LogLevel.Information, Message = "pass program attached to {Interface} by link {LinkId}")]
    public static partial void PassAttached(ILogger logger, string @interface, uint linkId);

    [LoggerMessage(EventId = 2014, Level = LogLevel.Information, Message = "pass program detached from {Interface}")]
    public static partial void PassDetached(ILogger logger, string @interface);

    [LoggerMessage(EventId = 2015, Level = LogLevel.Information, Message = "pass program adopted as {ProgramId}: {Links} links")]
    public static partial void PassAdopted(ILogger logger, uint programId, int links);
}
