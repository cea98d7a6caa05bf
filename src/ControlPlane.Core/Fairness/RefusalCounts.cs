using System.Diagnostics.Metrics;

namespace ControlPlane.Core.Fairness;

/// <summary>The refusals by a limit of all callers together and a limit of each. Safe on any thread.</summary>
internal sealed class RefusalCounts
{
    private long _inAll;
    private long _ofCaller;

    /// <summary>The refusals because all callers together had too many.</summary>
    public long InAll => Volatile.Read(ref _inAll);

    /// <summary>The refusals because their caller had too many.</summary>
    public long OfCaller => Volatile.Read(ref _ofCaller);

    /// <summary>Counts a refusal.</summary>
    /// <param name="ofCaller">Whether the limit is that of the caller.</param>
    public void Add(bool ofCaller) => Interlocked.Increment(ref ofCaller ? ref _ofCaller : ref _inAll);

    /// <summary>Returns the counts for a metric with the label <c>limit</c>: all, caller.</summary>
    public IEnumerable<Measurement<long>> Measure() => [Of(InAll, "all"), Of(OfCaller, "caller")];

    private static Measurement<long> Of(long count, string limit) => new(count, new KeyValuePair<string, object?>("limit", limit));
}
