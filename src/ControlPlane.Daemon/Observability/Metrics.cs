using System.Diagnostics;
using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Daemon.Options;
using Prometheus;

namespace ControlPlane.Daemon.Observability;

/// <summary>
/// The metrics at <c>/metrics</c>: those of the core (<see cref="CoreMetrics"/>), of requests, of the build and of the runtime. Every
/// label has few values: a route is a pattern, never a path.
/// </summary>
internal sealed class Metrics : IDisposable
{
    private readonly MeterExport _core;

    public Metrics(CoreMetrics core, Health health)
    {
        var factory = Prometheus.Metrics.WithCustomRegistry(Registry);
        var parts = factory.CreateGauge(
            "devmapd_part_works", "1 if a part of the daemon works, 0 if it has a problem: store, writer, kernel, pins, listeners. /readyz has the problem.", ["part"]);
        Registry.AddBeforeCollectCallback(() =>
        {
            foreach (var (name, problem) in health.Read())
                parts.WithLabels(name).Set(problem is null ? 1 : 0);
        });
        Requests = factory.CreateCounter(
            "devmapd_requests_total",
            "Requests answered, by API (rest, grpc), method, route and code: the HTTP status, or the number of the gRPC status.",
            ["api", "method", "route", "code"]);
        Duration = factory.CreateHistogram(
            "devmapd_request_duration_seconds",
            "Time from the arrival of a request to the end of its answer.",
            ["api", "method", "route"],
            new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.0001, 2, 17) });
        factory.CreateGauge("devmapd_build_info", "Always 1; its labels say what runs.", ["version", "runtime"])
            .WithLabels(HostService.DaemonVersion, Environment.Version.ToString())
            .Set(1);
        _core = new MeterExport(core.Meter, Registry);
        DotNetStats.Register(Registry);
    }

    /// <summary>The registry, one per daemon.</summary>
    public CollectorRegistry Registry { get; } = Prometheus.Metrics.NewCustomRegistry();

    /// <summary>The answered requests.</summary>
    public Counter Requests { get; }

    /// <summary>The durations of the requests.</summary>
    public Histogram Duration { get; }

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();
}

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
            var api = http.Response.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true ? Grpc : Rest;
            var code = RequestLog.GrpcStatus(http) ?? http.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
            var method = Known(http.Request.Method);
            metrics.Requests.WithLabels(api, method, route, code).Inc();
            metrics.Duration.WithLabels(api, method, route).Observe(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    /// <summary>A client can invent methods, which must not become values of a label.</summary>
    private static string Known(string method) => method switch
    {
        "GET" or "HEAD" or "PUT" or "POST" or "DELETE" or "OPTIONS" or "PATCH" => method,
        _ => "other",
    };
}

/// <summary>Registers the metrics and maps <c>/metrics</c>.</summary>
internal static class MetricsSetup
{
    /// <summary>Adds the metrics.</summary>
    public static IServiceCollection AddDevmapMetrics(this IServiceCollection services, MetricsSettings settings) => services
        .AddSingleton(settings.ToMetricsOptions())
        .AddSingleton<Health>()
        .AddSingleton<CoreMetrics>()
        .AddSingleton<Metrics>();

    /// <summary>Counts and times every request that follows in the pipeline.</summary>
    public static void UseRequestMetrics(this WebApplication app) => app.UseMiddleware<MetricsMiddleware>();

    /// <summary>Maps <c>/metrics</c>.</summary>
    public static IEndpointConventionBuilder MapMetrics(this WebApplication app) =>
        app.MapMetrics("/metrics", app.Services.GetRequiredService<Metrics>().Registry);
}
