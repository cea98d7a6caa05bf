using ControlPlane.Core.Writing.Plan;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Writing.Apply;

/// <summary>The log messages of applying plans: event ids 1007, 1009 to 1011, 1013, 1015 and 1016.</summary>
internal static partial class ApplyLog
{
    [LoggerMessage(1007, LogLevel.Warning, "Devmap {Devmap}: removed {Elements} elements from the kernel that nobody desires")]
    public static partial void ForeignRemoved(ILogger logger, string devmap, int elements);

    [LoggerMessage(1009, LogLevel.Warning, "'{Target}' needs an XDP program on '{Device}' to accept redirected frames, and the kernel refuses it: {Reason}")]
    public static partial void PassProgramRefused(ILogger logger, string target, string device, string reason);

    [LoggerMessage(1010, LogLevel.Warning, "The pass program on '{Device}' is not needed any more, and the kernel refuses to detach it: {Reason}")]
    public static partial void PassProgramNotDetached(ILogger logger, string device, string reason);

    [LoggerMessage(1011, LogLevel.Error, "A step could not be undone after the kernel refused a later one; the next batch repairs it: {Step}")]
    public static partial void StepNotUndone(ILogger logger, KernelStep step, Exception exception);

    [LoggerMessage(1013, LogLevel.Warning, "The kernel could not be asked while {Key} was converged; that is tried again with the next batch")]
    public static partial void NotConverged(ILogger logger, ResourceKey key, Exception exception);

    [LoggerMessage(1015, LogLevel.Warning, "The kernel refuses to change whether '{Interface}' is promiscuous: {Reason}")]
    public static partial void PromiscuityRefused(ILogger logger, string @interface, string reason);

    [LoggerMessage(1016, LogLevel.Warning, "The store refused to note which interface the daemon makes promiscuous; that is tried again with the next batch")]
    public static partial void PromiscuityNotStored(ILogger logger, Exception exception);
}
