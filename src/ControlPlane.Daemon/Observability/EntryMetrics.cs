using System.Diagnostics;
using ControlPlane.Core.Api;
using Prometheus;

namespace ControlPlane.Daemon.Observability;

/// <summary>
/// Metrics of the entries with the most traffic: the label sets are as many as the settings say and no more, however many entries
/// there are. To find them all counters are read, so that is done at most once in five seconds and at most a fiftieth of the time.
/// </summary>
internal sealed class EntryMetrics(IMetricFactory factory, EntryService entries, int count)
{
    private const int DutyCycle = 50;
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(5);
    private static readonly string[] _labels = ["devmap", "key", "interface"];

    private readonly Counter _packets = factory.CreateCounter("devmapd_entry_packets_total", "Frames sent to an entry, of the entries with the most.", _labels);
    private readonly Counter _bytes = factory.CreateCounter("devmapd_entry_bytes_total", "Bytes of those frames, from the Ethernet header on.", _labels);
    private readonly Counter _drops = factory.CreateCounter("devmapd_entry_drops_total", "Of those frames, the ones the kernel dropped after the redirect.", _labels);
    private readonly Lock _collecting = new();
    private long _last;
    private TimeSpan _pause;

    /// <summary>Brings the metrics up to now, if it is time.</summary>
    public void Collect(IEnumerable<string> devmaps)
    {
        lock (_collecting)
        {
            if (_last != 0 && Stopwatch.GetElapsedTime(_last) < _pause)
                return;
            var started = Stopwatch.GetTimestamp();
            var now = devmaps.SelectMany(d => entries.Busiest(d, count).Select(e => (Labels: new[] { d, e.Key, e.Interface }, Entry: e))).ToList();
            var kept = now.Select(e => string.Join('\n', e.Labels)).ToHashSet();
            foreach (var (labels, entry) in now)
            {
                Set(_packets, labels, entry.Counters.Packets);
                Set(_bytes, labels, entry.Counters.Bytes);
                Set(_drops, labels, entry.Dropped);
            }

            foreach (var counter in (Counter[])[_packets, _bytes, _drops])
            {
                foreach (var labels in counter.GetAllLabelValues().Where(l => !kept.Contains(string.Join('\n', l))))
                    counter.RemoveLabelled(labels);
            }

            _last = Stopwatch.GetTimestamp();
            var took = Stopwatch.GetElapsedTime(started, _last) * DutyCycle;
            _pause = took > _period ? took : _period;
        }
    }

    // An entry that was made anew counts from zero: so does its metric.
    private static void Set(Counter counter, string[] labels, ulong value)
    {
        if (counter.WithLabels(labels).Value > value)
            counter.RemoveLabelled(labels);
        counter.WithLabels(labels).IncTo(value);
    }
}
