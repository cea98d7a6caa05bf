namespace ControlPlane.Daemon.Rest.Errors;

/// <summary>What the REST face logs: the daemon's faults at error, the callers' at debug. Event ids 300 to 319.</summary>
internal static partial class RestLog
{
    [LoggerMessage(300, LogLevel.Debug, "{Operation}: {Method} {Path} answered {Code}: {Detail}")]
    public static partial void Refused(this ILogger logger, string operation, string method, string path, string code, string detail);

    [LoggerMessage(301, LogLevel.Error, "{Operation}: {Method} {Path} failed in the kernel: {Detail}")]
    public static partial void KernelFailed(this ILogger logger, Exception exception, string operation, string method, string path, string detail);

    [LoggerMessage(302, LogLevel.Error, "{Operation}: {Method} {Path} failed inside the daemon")]
    public static partial void Broken(this ILogger logger, Exception exception, string operation, string method, string path);

    [LoggerMessage(303, LogLevel.Debug, "{Operation}: {Method} {Path}: the client has gone")]
    public static partial void ClientGone(this ILogger logger, string operation, string method, string path);
}
