using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http.Features;

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
            var face = http.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true ? Grpc : Rest;
            var method = Known(http.Request.Method);
            metrics.Requests.WithLabels(face, method, route, face == Grpc ? GrpcStatus(http) : Status(http)).Inc();
            metrics.Duration.WithLabels(face, method, route).Observe(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    private static string Status(HttpContext http) => http.Response.StatusCode.ToString(CultureInfo.InvariantCulture);

    /// <summary>A gRPC status comes in the trailers, or in the headers when there was no message. It is one of 17.</summary>
    private static string GrpcStatus(HttpContext http)
    {
        var trailers = http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        if (trailers?.TryGetValue("grpc-status", out var status) == true || http.Response.Headers.TryGetValue("grpc-status", out status))
            return status.ToString();
        return Status(http);
    }

    /// <summary>A client can invent methods; a label must not grow by it.</summary>
    private static string Known(string method) => method switch
    {
        "GET" or "HEAD" or "PUT" or "POST" or "DELETE" or "OPTIONS" or "PATCH" => method,
        _ => "other",
    };
}
