using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Serilog.Context;

namespace ControlPlane.Daemon.Observability;

/// <summary>
/// Gives each request its operation id, under which everything the log says of it can be found, and logs at debug how
/// it ended. A fault of the daemon is logged at error by the face that renders it, under the same id.
/// </summary>
internal static partial class RequestLog
{
    /// <summary>The response header with the operation id. It is never taken from a request: a caller could forge another's.</summary>
    public const string Header = "X-Operation-Id";

    /// <summary>Adds the operation id and the log. First of all, so that it sees every answer.</summary>
    public static void UseRequestLog(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(RequestLog).FullName!);
        app.Use(async (context, next) =>
        {
            var id = Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture);
            context.TraceIdentifier = id;
            context.Response.Headers[Header] = id;
            using var property = LogContext.PushProperty("OperationId", id);
            var started = Stopwatch.GetTimestamp();
            await next(context);
            Report(logger, context, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
    }

    private static void Report(ILogger logger, HttpContext context, double elapsedMs)
    {
        if (!logger.IsEnabled(LogLevel.Debug))
            return;
        var status = GrpcStatus(context) is { } grpc ? $"grpc-status {grpc}" : context.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
        Done(logger, context.Request.Method, context.Request.Path, status, elapsedMs);
    }

    private static string? GrpcStatus(HttpContext context) =>
        context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers["grpc-status"].ToString() is { Length: > 0 } trailer
            ? trailer
            : context.Response.Headers["grpc-status"].ToString() is { Length: > 0 } header ? header : null;

    [LoggerMessage(EventIds.RequestDone, LogLevel.Debug, "{Method} {Path}: {Status} in {ElapsedMs:0.0} ms")]
    private static partial void Done(ILogger logger, string method, PathString path, string status, double elapsedMs);
}
