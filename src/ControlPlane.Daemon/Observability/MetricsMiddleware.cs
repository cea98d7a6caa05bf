using System.Diagnostics;
using System.Globalization;

namespace ControlPlane.Daemon.Observability;

/// <summary>Counts and times requests.</summary>
internal sealed class MetricsMiddleware(RequestDelegate next, Metrics metrics)
{
    private const string Rest = "rest";
    private const string Grpc = "grpc";

    public async Task InvokeAsync(HttpContext http)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await next(http);
        }
        finally
        {
            var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
            // By the answer: a request can have any content type. An aborted gRPC call has no gRPC status.
            var face = http.Response.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true ? Grpc : Rest;
            var code = RequestLog.GrpcStatus(http) ?? http.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
            var method = Known(http.Request.Method);
            metrics.Requests.WithLabels(face, method, route, code).Inc();
            metrics.Duration.WithLabels(face, method, route).Observe(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    /// <summary>A client can invent methods; a label must not grow by it.</summary>
    private static string Known(string method) => method switch
    {
        "GET" or "HEAD" or "PUT" or "POST" or "DELETE" or "OPTIONS" or "PATCH" => method,
        _ => "other",
    };
}
