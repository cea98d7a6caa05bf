using System.Diagnostics;

namespace ControlPlane.Bench.Harness;

/// <summary>Times by metric, in nanoseconds, in the order in which they were taken.</summary>
internal sealed class Metrics
{
    private readonly List<(string Name, double Ns)> _values = [];

    public IEnumerable<string> Names => _values.Select(v => v.Name);

    public static Metrics Of(string name, double ns)
    {
        var metrics = new Metrics();
        metrics.Add(name, ns);
        return metrics;
    }

    /// <summary>Some of the metrics of others.</summary>
    public static Metrics Of(Metrics all, params ReadOnlySpan<string> names)
    {
        var metrics = new Metrics();
        foreach (var name in names)
            metrics.Add(name, all.Find(name)!.Value);
        return metrics;
    }

    public void Add(string name, double ns) => _values.Add((name, ns));

    /// <summary>Adds the time of one of so many equal operations.</summary>
    public void Time(string name, int operations, Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        Add(name, Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations);
    }

    /// <inheritdoc cref="Time"/>
    public async Task TimeAsync(string name, int operations, Func<Task> action)
    {
        var start = Stopwatch.GetTimestamp();
        await action();
        Add(name, Stopwatch.GetElapsedTime(start).TotalNanoseconds / operations);
    }

    public double? Find(string name) => _values.Where(v => v.Name == name).Select(v => (double?)v.Ns).FirstOrDefault();
}
