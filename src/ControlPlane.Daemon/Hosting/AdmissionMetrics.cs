using System.Diagnostics.Metrics;
using ControlPlane.Daemon.Observability;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The metrics of connections and streams.</summary>
internal sealed class AdmissionMetrics : IDisposable
{
    private readonly Meter _meter = new("devmapd.admission");
    private readonly MeterExport _export;

    public AdmissionMetrics(ConnectionAdmission connections, StreamAdmission streams, Metrics metrics)
    {
        _meter.CreateObservableGauge("devmapd_connections", () => (long)connections.Open, unit: null, "Connections that are open, without the daemon's own.");
        _meter.CreateObservableCounter(
            "devmapd_connections_evicted_total", () => connections.Evicted, unit: null, "Idle connections that were closed to make room for others.");
        _meter.CreateObservableCounter(
            "devmapd_connections_refused_total", connections.Refused.Measure, unit: null,
            "Connections that found no room and no idle one to replace, by the limit that was reached: all, caller.");
        _meter.CreateObservableGauge("devmapd_streams", () => (long)streams.Open, unit: null, "Streams that are open, by either API.");
        _meter.CreateObservableCounter(
            "devmapd_streams_refused_total", streams.Refused.Measure, unit: null,
            "Streams that were refused, by the limit that was reached: all, caller.");
        _export = new MeterExport(_meter, metrics.Registry);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _export.Dispose();
        _meter.Dispose();
    }
}
