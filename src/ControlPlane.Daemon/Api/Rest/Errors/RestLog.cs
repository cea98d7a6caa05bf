namespace ControlPlane.Daemon.Api.Rest.Errors;

/// <summary>The log messages of REST: the daemon's errors at error, the callers' at debug.</summary>
internal static partial class RestLog
{
    [LoggerMessage(4000, LogLevel.Debug, "{Method} {Path} answered {Code}: {Detail}")]
    public static partial void Refused(this ILogger logger, string method, string path, string code, string detail);

    [LoggerMessage(4001, LogLevel.Error, "{Method} {Path} failed in the kernel: {Detail}")]
    public static partial void KernelFailed(this ILogger logger, Exception exception, string method, string path, string detail);

    [LoggerMessage(4002, LogLevel.Error, "{Method} {Path} failed inside the daemon")]
    public static partial void Broken(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(4003, LogLevel.Debug, "{Method} {Path}: the client has disconnected")]
    public static partial void ClientGone(this ILogger logger, string method, string path);
}
