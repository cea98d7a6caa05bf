using System.Diagnostics.Metrics;
using Prometheus;

namespace ControlPlane.Daemon.Observability;

/// <summary>
/// Exports the observable instruments of a meter to a Prometheus registry under their own names, descriptions and tags. It asks them
/// at each collection, and a label set that an instrument does not report any more goes.
/// </summary>
/// <remarks>
/// The adapter of prometheus-net makes gauges of all counters, adds the type of the instrument to its help and forgets a counter that
/// does not change for a while.
/// </remarks>
internal sealed class MeterExport : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly MetricFactory _factory;
    private readonly Dictionary<Instrument, Exported> _exported = [];
    private readonly Lock _collecting = new();

    public MeterExport(Meter meter, CollectorRegistry registry)
    {
        _factory = Prometheus.Metrics.WithCustomRegistry(registry);
        // By identity: two daemons in one process (tests) have meters of one name.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>(Record);
        _listener.Start();
        registry.AddBeforeCollectCallback(Collect);
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Collect()
    {
        lock (_collecting)
        {
            foreach (var exported in _exported.Values)
                exported.Reported.Clear();
            _listener.RecordObservableInstruments();
            foreach (var exported in _exported.Values)
                exported.RemoveUnreported();
        }
    }

    private void Record(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        var (names, values) = (new string[tags.Length], new string[tags.Length]);
        for (var i = 0; i < tags.Length; i++)
            (names[i], values[i]) = (tags[i].Key, $"{tags[i].Value}");
        if (!_exported.TryGetValue(instrument, out var exported))
            _exported[instrument] = exported = new Exported(instrument is ObservableCounter<long>
                ? _factory.CreateCounter(instrument.Name, instrument.Description ?? "", names)
                : _factory.CreateGauge(instrument.Name, instrument.Description ?? "", names));
        exported.Set(values, value);
    }

    private sealed class Exported(Collector collector)
    {
        public HashSet<string> Reported { get; } = [];

        public void Set(string[] labels, long value)
        {
            Reported.Add(Key(labels));
            if (collector is Gauge gauge)
            {
                gauge.WithLabels(labels).Set(value);
                return;
            }

            // An entry that is made again counts from zero, and so does its counter.
            var counter = (Counter)collector;
            if (counter.WithLabels(labels).Value > value)
                counter.RemoveLabelled(labels);
            counter.WithLabels(labels).IncTo(value);
        }

        public void RemoveUnreported()
        {
            if (collector.LabelNames.Length == 0)
                return;
            var (all, remove) = collector is Gauge gauge ? (gauge.GetAllLabelValues(), gauge.RemoveLabelled) : Of((Counter)collector);
            foreach (var labels in all.Where(labels => !Reported.Contains(Key(labels))))
                remove(labels);

            static (IEnumerable<string[]>, Action<string[]>) Of(Counter counter) => (counter.GetAllLabelValues(), counter.RemoveLabelled);
        }

        private static string Key(string[] labels) => string.Join('\n', labels);
    }
}
