namespace ControlPlane.Daemon.Observability;

/// <summary>The log messages of start and end.</summary>
internal static partial class HostLog
{
    [LoggerMessage(EventIds.Starting, LogLevel.Information, "devmapd {Version} starts, pid {Pid}")]
    public static partial void Starting(ILogger logger, string version, int pid);

    [LoggerMessage(EventIds.Simulated, LogLevel.Warning, "The kernel is simulated: nothing reaches the host's kernel and no frame moves")]
    public static partial void Simulated(ILogger logger);

    [LoggerMessage(EventIds.Listening, LogLevel.Information, "Listening: {What} at {Address}")]
    public static partial void Listening(ILogger logger, string what, string address);

    [LoggerMessage(EventIds.Ready, LogLevel.Information, "Ready: {Devmaps} devmap(s) reconciled in {ElapsedMs:0} ms")]
    public static partial void Ready(ILogger logger, int devmaps, double elapsedMs);

    [LoggerMessage(EventIds.Stopping, LogLevel.Information, "Stopping: {Waiting} commands wait in the queue")]
    public static partial void Stopping(ILogger logger, int waiting);

    [LoggerMessage(EventIds.Stopped, LogLevel.Information, "Stopped; frames keep flowing as they did")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(EventIds.HostCondition, LogLevel.Warning, "{Condition} {Remedy}")]
    public static partial void HostCondition(ILogger logger, string condition, string? remedy);

    [LoggerMessage(EventIds.StoppedWithoutPins, LogLevel.Warning, "Stopped. {Condition}")]
    public static partial void StoppedWithoutPins(ILogger logger, string condition);

    [LoggerMessage(EventIds.SimulationStopped, LogLevel.Information, "Stopped; the simulated kernel has ended")]
    public static partial void SimulationStopped(ILogger logger);

    [LoggerMessage(EventIds.Reloaded, LogLevel.Information, "Configuration read again; in effect: {Keys}")]
    public static partial void Reloaded(ILogger logger, string keys);

    [LoggerMessage(EventIds.NeedsRestart, LogLevel.Warning, "Changed settings that take effect at the next start: {Keys}")]
    public static partial void NeedsRestart(ILogger logger, string keys);

    [LoggerMessage(EventIds.ReloadRefused, LogLevel.Error, "The configuration was not read again, because it has errors; the daemon keeps the one that it has: {Errors}")]
    public static partial void ReloadRefused(ILogger logger, string errors);

    [LoggerMessage(EventIds.PartFails, LogLevel.Error, "The part {Part} has a problem: {Problem}")]
    public static partial void PartFails(ILogger logger, string part, string problem);

    [LoggerMessage(EventIds.PartWorks, LogLevel.Information, "The part {Part} works again")]
    public static partial void PartWorks(ILogger logger, string part);

    [LoggerMessage(EventIds.NotAccepted, LogLevel.Warning, "No connection can be accepted for now, and those that come wait: {Reason}")]
    public static partial void NotAccepted(ILogger logger, string reason);

    [LoggerMessage(EventIds.PinsNotRestored, LogLevel.Warning, "The pins that were removed are not back yet; the next audit tries again")]
    public static partial void PinsNotRestored(ILogger logger, Exception exception);
}
