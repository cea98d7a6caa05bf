using ControlPlane.Core.Api;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing;
using ControlPlane.Daemon.Options;
using Microsoft.Extensions.Options;
using Prometheus;

namespace ControlPlane.Daemon.Observability;

/// <summary>
/// Prometheus metrics at <c>/metrics</c>, by prometheus-net: it serves the scrape format itself, needs no exporter beside it,
/// and lets values be read when they are asked for, which is what counters that live in the kernel want.
/// </summary>
internal static class MetricsSetup
{
    /// <summary>Adds the daemon's metrics, in a registry of their own: two daemons in one process (tests) do not share them.</summary>
    public static IServiceCollection AddDevmapMetrics(this IServiceCollection services) => services.AddSingleton(p => new Metrics(
        p.GetRequiredService<DevmapService>(),
        p.GetRequiredService<EntryService>(),
        p.GetRequiredService<DevmapWriter>(),
        p.GetRequiredService<WatchService>(),
        p.GetService<IOptions<ControlPlaneOptions>>()?.Value.Metrics ?? new MetricsSettings()));

    /// <summary>Counts and times every request that comes after it in the pipeline.</summary>
    public static void UseRequestMetrics(this WebApplication app) => app.UseMiddleware<MetricsMiddleware>();

    /// <summary>Maps <c>/metrics</c>.</summary>
    public static void MapMetrics(this WebApplication app) =>
        app.MapMetrics("/metrics", app.Services.GetRequiredService<Metrics>().Registry);
}
