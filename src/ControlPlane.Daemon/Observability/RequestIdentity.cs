using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;
using Serilog.Context;

namespace ControlPlane.Daemon.Observability;

/// <summary>The names of a request: its id, which the log, the answer and every problem carry, and the trace it is part of.</summary>
/// <param name="RequestId">The id of the caller, if it is valid; else a new one.</param>
/// <param name="TraceParent">The W3C <c>traceparent</c> of the caller; null without one or if it is not valid.</param>
internal sealed record RequestIdentity(string RequestId, string? TraceParent)
{
    /// <summary>The header of the id, in requests and answers.</summary>
    public const string Header = "X-Request-Id";

    private const int MaxIdLength = 64;

    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Returns the identity of a request.</summary>
    public static RequestIdentity Of(HttpContext http) => http.Features.Get<RequestIdentity>() ?? new(http.TraceIdentifier, null);

    /// <summary>Reads the identity from the headers of a request.</summary>
    public static RequestIdentity Read(IHeaderDictionary headers) => new(
        headers[Header] is [{ Length: > 0 and <= MaxIdLength } id] && !id.AsSpan().ContainsAnyExcept(IdCharacters)
            ? id
            : Random.Shared.NextInt64().ToString("x16", CultureInfo.InvariantCulture),
        headers.TraceParent is [{ } parent] && ActivityContext.TryParse(parent, null, out _) ? parent : null);
}

/// <summary>
/// Gives each request its identity and logs at debug how it ended, a good answer of <c>/healthz</c> at trace. The API logs an error of the daemon at error, under the same id.
/// </summary>
internal static partial class RequestLog
{
    /// <summary>Adds the identity and the log. It comes first, so that it sees every answer.</summary>
    public static void UseRequestLog(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(RequestLog).FullName!);
        app.Use(async (context, next) =>
        {
            var identity = RequestIdentity.Read(context.Request.Headers);
            context.Features.Set(identity);
            context.TraceIdentifier = identity.RequestId;
            context.Response.Headers[RequestIdentity.Header] = identity.RequestId;
            using var id = LogContext.PushProperty("RequestId", identity.RequestId);
            using var trace = identity.TraceParent is { } parent ? LogContext.PushProperty("TraceParent", parent) : null;
            var started = Stopwatch.GetTimestamp();
            await next(context);
            Report(logger, context, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        });
    }

    /// <summary>
    /// The gRPC status of the answer; null if it is no gRPC answer. The status comes in the trailers, or in the headers of an answer
    /// without a message.
    /// </summary>
    public static string? GrpcStatus(HttpContext context) =>
        context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers["grpc-status"] is [{ } trailer] ? trailer
        : context.Response.Headers["grpc-status"] is [{ } header] ? header
        : null;

    private static void Report(ILogger logger, HttpContext context, double elapsedMs)
    {
        // Probes ask every few seconds, the daemon itself among them.
        var level = context.Request.Path == "/healthz" && context.Response.StatusCode == StatusCodes.Status200OK ? LogLevel.Trace : LogLevel.Debug;
        if (!logger.IsEnabled(level))
            return;
        var status = GrpcStatus(context) is { } grpc ? $"grpc-status {grpc}" : context.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
        Done(logger, level, context.Request.Method, context.Request.Path, status, elapsedMs);
    }

    [LoggerMessage(EventId = EventIds.RequestDone, Message = "{Method} {Path}: {Status} in {ElapsedMs:0.0} ms")]
    private static partial void Done(ILogger logger, LogLevel level, string method, PathString path, string status, double elapsedMs);
}
