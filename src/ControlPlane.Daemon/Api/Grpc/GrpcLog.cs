using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>Log messages of the gRPC API: errors of callers at debug, ours at error.</summary>
internal static partial class GrpcLog
{
    [LoggerMessage(3001, LogLevel.Debug, "{Method}: {Code}: {Detail}")]
    public static partial void Refused(this ILogger log, string method, ErrorCode code, string detail);

    [LoggerMessage(3002, LogLevel.Error, "{Method}: the kernel refused")]
    public static partial void KernelFailed(this ILogger log, string method, Exception exception);

    [LoggerMessage(3003, LogLevel.Error, "{Method} failed")]
    public static partial void CallFailed(this ILogger log, string method, Exception exception);
}
