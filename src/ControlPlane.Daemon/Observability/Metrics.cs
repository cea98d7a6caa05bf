using System.Text.Json;
using ControlPlane.Core.Model;
using ControlPlane.Core.Api;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing;
using ControlPlane.Daemon.Options;
using Prometheus;

namespace ControlPlane.Daemon.Observability;

/// <summary>
/// The daemon's metrics. What a service knows already is asked of it when Prometheus asks, and not kept twice. Every label has
/// few values: routes are patterns, never paths; devmaps are those of the configuration.
/// </summary>
internal sealed class Metrics
{
    private static readonly string[] DevmapLabel = ["devmap"];

    private readonly DevmapService _devmaps;
    private readonly DevmapWriter _writer;
    private readonly WatchService _watches;
    private readonly Gauge _queueLength;
    private readonly Counter _batches;
    private readonly Counter _commands;
    private readonly Gauge _watchers;
    private readonly Counter _watchersCutOff;
    private readonly Gauge _entries;
    private readonly Gauge _maxEntries;
    private readonly Counter _packets;
    private readonly Counter _bytes;
    private readonly Counter _drops;
    private readonly EntryMetrics _entryMetrics;
    private readonly Counter _audits;
    private readonly Counter _drifts;

    public Metrics(DevmapService devmaps, EntryService entries, DevmapWriter writer, WatchService watches, MetricsSettings settings)
    {
        (_devmaps, _writer, _watches) = (devmaps, writer, watches);
        var factory = Prometheus.Metrics.WithCustomRegistry(Registry);
        Requests = factory.CreateCounter(
            "devmapd_requests_total",
            "Requests answered, by face (rest, grpc), method, route and code: the HTTP status, or the number of the gRPC status.",
            ["face", "method", "route", "code"]);
        Duration = factory.CreateHistogram(
            "devmapd_request_duration_seconds",
            "Time from a request's arrival to the end of its answer.",
            ["face", "method", "route"],
            new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.0001, 2, 17) });
        _queueLength = factory.CreateGauge("devmapd_writer_queue_length", "Commands that wait for the writer now.");
        _batches = factory.CreateCounter("devmapd_writer_batches_total", "Batches the writer has taken.");
        _commands = factory.CreateCounter("devmapd_writer_commands_total", "Commands the writer has executed, those that failed included.");
        _watchers = factory.CreateGauge("devmapd_watchers", "Streams of changes that are read now, by either face.");
        _watchersCutOff = factory.CreateCounter("devmapd_watchers_cut_off_total", "Streams of changes that were ended because their readers were too slow.");
        _entries = factory.CreateGauge("devmapd_devmap_entries", "Entries of a devmap, pending and failed ones included.", DevmapLabel);
        _maxEntries = factory.CreateGauge("devmapd_devmap_max_entries", "Capacity of a devmap in entries.", DevmapLabel);
        _packets = factory.CreateCounter(
            "devmapd_devmap_packets_total",
            "Frames the redirect program handled, by what became of them: redirected, missed (no entry for the key), unkeyed (no such key in the frame).",
            ["devmap", "result"]);
        _bytes = factory.CreateCounter("devmapd_devmap_bytes_total", "Bytes of those frames, from the Ethernet header on.", ["devmap", "result"]);
        _drops = factory.CreateCounter(
            "devmapd_devmap_drops_total", "Frames of a devmap that the kernel dropped after the redirect, by cause.", ["devmap", "cause"]);
        _entryMetrics = new EntryMetrics(factory, entries, settings.TopEntries);
        _audits = factory.CreateCounter("devmapd_audits_total", "Audits of a devmap.", DevmapLabel);
        _drifts = factory.CreateCounter(
            "devmapd_drifts_total", "Differences audits found between the kernel and what is wanted, by whether they were put right.", ["devmap", "repaired"]);
        factory.CreateGauge("devmapd_build_info", "Always 1; its labels say what runs.", ["version", "runtime"])
            .WithLabels(HostService.DaemonVersion, Environment.Version.ToString())
            .Set(1);
        DotNetStats.Register(Registry);
        Registry.AddBeforeCollectCallback(Collect);
    }

    /// <summary>Where they are collected.</summary>
    public CollectorRegistry Registry { get; } = Prometheus.Metrics.NewCustomRegistry();

    /// <summary>Requests answered.</summary>
    public Counter Requests { get; }

    /// <summary>How long they took.</summary>
    public Histogram Duration { get; }

    private void Collect()
    {
        _queueLength.Set(_writer.QueueLength);
        _batches.IncTo(_writer.Batches);
        _commands.IncTo(_writer.Commands);
        _watchers.Set(_watches.Watchers);
        _watchersCutOff.IncTo(_watches.CutOff);
        var devmaps = _devmaps.List(RequestContext.OfDaemon());
        _entryMetrics.Collect(devmaps.Select(d => d.Name));
        foreach (var devmap in devmaps)
        {
            var name = devmap.Name;
            _entries.WithLabels(name).Set(devmap.Status.Entries);
            _maxEntries.WithLabels(name).Set(devmap.Spec.MaxEntries);
            _audits.WithLabels(name).IncTo(devmap.Status.Audit.Audits);
            _drifts.WithLabels(name, "true").IncTo(devmap.Status.Audit.Repaired);
            _drifts.WithLabels(name, "false").IncTo(devmap.Status.Audit.Found - devmap.Status.Audit.Repaired);
            foreach (var (cause, packets) in devmap.Status.Drops?.ByCause ?? [])
                _drops.WithLabels(name, JsonNamingPolicy.CamelCase.ConvertName(cause.ToString())).IncTo(packets);
            if (devmap.Status.Traffic is not { } counters)
                continue;
            Count(name, "redirected", counters.RedirectedPackets, counters.RedirectedBytes);
            Count(name, "missed", counters.MissedPackets, counters.MissedBytes);
            Count(name, "unkeyed", counters.UnkeyedPackets, counters.UnkeyedBytes);
        }
    }

    private void Count(string devmap, string result, ulong packets, ulong bytes)
    {
        _packets.WithLabels(devmap, result).IncTo(packets);
        _bytes.WithLabels(devmap, result).IncTo(bytes);
    }
}
