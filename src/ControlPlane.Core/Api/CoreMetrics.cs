using System.Diagnostics.Metrics;
using System.Text.Json;
using ControlPlane.Core.Model;
using ControlPlane.Core.Status;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing.Loop;

namespace ControlPlane.Core.Api;

/// <summary>Settings of <see cref="CoreMetrics"/>. They can change while the daemon runs.</summary>
/// <param name="TopEntries">The number of entries per devmap that have metrics of their own, those with the most traffic.</param>
public sealed record CoreMetricsOptions(int TopEntries = 20)
{
    /// <summary>The number now.</summary>
    public int TopEntries { get; set; } = TopEntries;
}

/// <summary>
/// The metrics of the core: instruments of the meter <c>devmapd</c>. All are observable: the component that counts something keeps the
/// count, and an exporter reads it when somebody asks. Every tag has few values.
/// </summary>
internal sealed class CoreMetrics : IDisposable
{
    private readonly DevmapService _devmaps;
    private readonly BusiestEntries _busiest;
    private readonly Lock _reading = new();
    private readonly HashSet<string> _read = [];
    private readonly Dictionary<string, StateCounts?> _counts = new(StringComparer.Ordinal);
    private readonly StateCounter _counter;
    private IReadOnlyList<Devmap> _views = [];

    /// <summary>Creates the instruments.</summary>
    public CoreMetrics(
        DevmapWriter writer, WatchService watches, DevmapService devmaps, EntryService entries, StateCounter counter, CoreMetricsOptions options, TimeProvider time)
    {
        (_devmaps, _counter) = (devmaps, counter);
        _busiest = new BusiestEntries(entries, options, time);

        Gauge("devmapd_writer_queue_length", "Commands that wait for the writer now.", () => writer.QueueLength);
        Counter("devmapd_writer_batches_total", "Batches the writer has taken.", () => writer.Batches);
        Counter("devmapd_writer_commands_total", "Commands the writer has executed, those that failed included.", () => writer.Commands);
        Meter.CreateObservableCounter<long>(
            "devmapd_writer_refused_total",
            writer.Refused.Measure,
            unit: null,
            "Changes that were refused with writer_busy, by the limit that was reached: all, caller.");
        Gauge("devmapd_watchers", "Streams of changes that are read now, by either API.", () => watches.Watchers);
        Counter("devmapd_watch_snapshot_pages_total", "Pages of snapshots that were rendered for watchers.", () => watches.PagesRendered);
        Counter("devmapd_watchers_cut_off_total", "Streams of changes that were ended because their readers were too slow.", () => watches.CutOff);

        GaugeOfDevmaps("devmapd_devmap_entries", "Entries of a devmap, pending and failed ones included.", d => [new(d.Status.Entries, Of(d))]);
        GaugeOfDevmaps("devmapd_devmap_max_entries", "Capacity of a devmap in entries.", d => [new(d.Spec.MaxEntries, Of(d))]);
        CounterOfDevmaps("devmapd_devmap_packets_total",
            "Frames the redirect program handled, by result: redirected, missed (no entry for the key), unkeyed (no such key in the frame).",
            d => Traffic(d, t => (t.RedirectedPackets, t.MissedPackets, t.UnkeyedPackets)));
        CounterOfDevmaps("devmapd_devmap_bytes_total", "Bytes of those frames, from the Ethernet header on.",
            d => Traffic(d, t => (t.RedirectedBytes, t.MissedBytes, t.UnkeyedBytes)));
        CounterOfDevmaps("devmapd_devmap_checksums_total",
            "Redirected frames with a partial checksum, by result: completed, incomplete (is or may be partial, and could not be completed).",
            d => d.Status.Traffic is { } t
                ? [Measure(t.ChecksumsCompleted, Of(d), new("result", "completed")), Measure(t.ChecksumsIncomplete, Of(d), new("result", "incomplete"))]
                : []);
        CounterOfDevmaps("devmapd_devmap_egress_program_drops_total",
            "Frames from an ingress in tcx mode that were dropped because their entry has an egress program, which does not run there.",
            d => d.Status.Traffic is { } t ? [Measure(t.EgressProgramDrops, Of(d))] : []);
        CounterOfDevmaps("devmapd_devmap_peer_redirected_packets_total",
            "Redirected frames that went to the peer of their target directly, in tcx mode. The counters of the target do not show them.",
            d => d.Status.Traffic is { } t ? [Measure(t.PeerRedirectedPackets, Of(d))] : []);
        CounterOfDevmaps("devmapd_devmap_action_failed_packets_total",
            "Frames that were dropped because an action of their entry could not be applied.",
            d => d.Status.Traffic is { } t ? [Measure(t.ActionFailedPackets, Of(d))] : []);
        CounterOfDevmaps("devmapd_devmap_expired_packets_total",
            "Packets whose TTL or hop limit ran out by an action; they went to the network stack.",
            d => d.Status.Traffic is { } t ? [Measure(t.ExpiredPackets, Of(d))] : []);
        CounterOfDevmaps("devmapd_devmap_drops_total", "Frames of a devmap that an action or the kernel dropped, by cause.",
            DropsOf);
        GaugeOfDevmaps("devmapd_entries", "Entries of a devmap by state. Elements that others changed count as if they were as desired; devmapd_drifts_total counts those.",
            d => CountsOf(d)?.Entries.Select(e => new Measurement<long>(e.Value, Of(d), new("state", e.Key.ToString()))) ?? []);
        CounterOfDevmaps("devmapd_probe_frames_total", "Real frames that probes sent to entries of a devmap. The other counters include them.",
            d => [new(CountsOf(d)?.ProbeFrames ?? 0, Of(d))]);
        GaugeOfDevmaps("devmapd_conditions_false", "Entries, attachments and devmaps of which a condition is False, by its type and reason.", FalseOf);
        CounterOfDevmaps("devmapd_audits_total", "Audits of a devmap.", d => [new(d.Status.Audit?.Audits ?? 0, Of(d))]);
        CounterOfDevmaps("devmapd_drifts_total", "Differences between the kernel and the desired state that audits found, by whether they were repaired.", d =>
        [
            new(d.Status.Audit?.Repaired ?? 0, Of(d), new("repaired", "true")),
            new((d.Status.Audit?.Found - d.Status.Audit?.Repaired) ?? 0, Of(d), new("repaired", "false")),
        ]);

        CounterOfEntries("devmapd_entry_packets_total", "Frames sent to an entry, of the entries with the most.", e => e.Counters.Packets);
        CounterOfEntries("devmapd_entry_bytes_total", "Bytes of those frames, from the Ethernet header on.", e => e.Counters.Bytes);
        CounterOfEntries("devmapd_entry_drops_total", "Frames for the entry that an action or the kernel dropped.", e => e.Dropped);
    }

    /// <summary>The meter of these instruments.</summary>
    public Meter Meter { get; } = new("devmapd");

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private void Gauge(string name, string description, Func<long> read) =>
        Meter.CreateObservableGauge(name, read, unit: null, description);

    private void Counter(string name, string description, Func<long> read) =>
        Meter.CreateObservableCounter(name, read, unit: null, description);

    private void GaugeOfDevmaps(string name, string description, Func<Devmap, IEnumerable<Measurement<long>>> read) =>
        Meter.CreateObservableGauge(name, () => Devmaps(name).SelectMany(read), unit: null, description);

    private void CounterOfDevmaps(string name, string description, Func<Devmap, IEnumerable<Measurement<long>>> read) =>
        Meter.CreateObservableCounter(name, () => Devmaps(name).SelectMany(read), unit: null, description);

    private void CounterOfEntries(string name, string description, Func<EntryTraffic, ulong> read) =>
        Meter.CreateObservableCounter(name, unit: null, description: description, observeValues: () => _busiest
            .Read(Devmaps(name).Select(d => d.Name))
            .Select(e => Measure(read(e.Entry), new("devmap", e.Devmap), new("key", e.Entry.Key), new("interface", e.Entry.Interface))));

    // Every cause is reported from the start: a counter that appears with its first drop hides that drop from a rate.
    private static IEnumerable<Measurement<long>> DropsOf(Devmap devmap) => devmap.Status.Drops is not { } drops
        ? []
        : Enum.GetValues<DropCause>().Select(cause => Measure(
            drops.Causes.Where(c => c.Cause == cause).Select(c => c.Packets).SingleOrDefault(),
            Of(devmap),
            new("cause", JsonNamingPolicy.CamelCase.ConvertName(cause.ToString()))));

    private IEnumerable<Measurement<long>> FalseOf(Devmap devmap)
    {
        foreach (var ((type, reason), resources) in CountsOf(devmap)?.False ?? new Dictionary<(string, string), long>())
            yield return new Measurement<long>(resources, Of(devmap), new("type", type), new("reason", reason));
        foreach (var condition in devmap.Status.Conditions.Where(c => c.Status == ConditionStatus.False))
            yield return new Measurement<long>(1, Of(devmap), new("type", condition.Type.Name), new("reason", condition.Reason));
    }

    private StateCounts? CountsOf(Devmap devmap)
    {
        lock (_reading)
        {
            if (!_counts.TryGetValue(devmap.Name, out var counts))
                _counts[devmap.Name] = counts = _counter.Count(devmap.Name);
            return counts;
        }
    }

    private static IEnumerable<Measurement<long>> Traffic(Devmap devmap, Func<DevmapCounters, (ulong Redirected, ulong Missed, ulong Unkeyed)> read)
    {
        if (devmap.Status.Traffic is not { } traffic)
            return [];
        var (redirected, missed, unkeyed) = read(traffic);
        return [Result(redirected, "redirected"), Result(missed, "missed"), Result(unkeyed, "unkeyed")];

        Measurement<long> Result(ulong value, string result) => Measure(value, Of(devmap), new("result", result));
    }

    private static Measurement<long> Measure(ulong value, params ReadOnlySpan<KeyValuePair<string, object?>> tags) => new((long)value, tags);

    private static KeyValuePair<string, object?> Of(Devmap devmap) => new("devmap", devmap.Name);

    /// <summary>
    /// Returns the devmaps of this reading. Several instruments need them, and each view reads the kernel: an exporter asks every
    /// instrument once, so the views are read again when the same instrument asks again.
    /// </summary>
    private IReadOnlyList<Devmap> Devmaps(string instrument)
    {
        lock (_reading)
        {
            if (_read.Count == 0 || !_read.Add(instrument))
            {
                _views = _devmaps.List(RequestContext.OfDaemon());
                _read.Clear();
                _counts.Clear();
                _read.Add(instrument);
            }

            return _views;
        }
    }

    /// <summary>
    /// The entries with the most traffic. Finding them reads all counters, so it is done at most once in five seconds, and for at most
    /// a fiftieth of the time.
    /// </summary>
    private sealed class BusiestEntries(EntryService entries, CoreMetricsOptions options, TimeProvider time)
    {
        private const int DutyCycle = 50;
        private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

        private readonly Lock _reading = new();
        private IReadOnlyList<(string Devmap, EntryTraffic Entry)> _found = [];
        private long? _last;
        private TimeSpan _pause;

        public IReadOnlyList<(string Devmap, EntryTraffic Entry)> Read(IEnumerable<string> devmaps)
        {
            lock (_reading)
            {
                if (_last is { } last && time.GetElapsedTime(last) < _pause)
                    return _found;
                var started = time.GetTimestamp();
                _found = [.. devmaps.SelectMany(d => entries.Busiest(d, options.TopEntries).Select(e => (d, e)))];
                _last = time.GetTimestamp();
                var rest = time.GetElapsedTime(started, _last.Value) * DutyCycle;
                _pause = rest > Period ? rest : Period;
                return _found;
            }
        }
    }
}
