using System.Collections.Concurrent;

namespace ControlPlane.Core.State;

/// <summary>
/// The times of the leases, in memory only: after a start each lease has its full time again. Keeping a lease alive is one write here. A lease whose
/// time is over cannot be kept alive any more. Safe on any thread.
/// </summary>
internal sealed class LeaseClock(TimeProvider time)
{
    // The end of a lease that the writer is deleting. No time comes before it.
    private const long Ended = long.MinValue;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Running> _running = new(StringComparer.Ordinal);
    private long _earliest = long.MaxValue;

    /// <summary>Gives a lease its full time.</summary>
    public void Begin(string lease, TimeSpan ttl)
    {
        var running = new Running(TicksOf(ttl)) { End = time.GetTimestamp() + TicksOf(ttl) };
        _running[lease] = running;
        Watch(running.End);
    }

    /// <summary>The lease does not exist any more.</summary>
    public void Remove(string lease) => _running.TryRemove(lease, out _);

    /// <summary>Gives a lease its full time again, and returns when it ends; null if there is no such lease, or its time is over.</summary>
    public DateTimeOffset? KeepAlive(string lease)
    {
        if (!_running.TryGetValue(lease, out var running))
            return null;
        while (true)
        {
            var (end, now) = (Volatile.Read(ref running.End), time.GetTimestamp());
            if (end <= now)
                return null;
            // An end that was moved meanwhile is looked at again: it can be over by now.
            if (Interlocked.CompareExchange(ref running.End, now + running.Ttl, end) == end)
                return TimeOf(now + running.Ttl, now);
        }
    }

    /// <summary>Returns when a lease ends; null if there is no such lease, or its time is over.</summary>
    public DateTimeOffset? Find(string lease)
    {
        var now = time.GetTimestamp();
        return _running.TryGetValue(lease, out var running) && Volatile.Read(ref running.End) is var end && end > now ? TimeOf(end, now) : null;
    }

    /// <summary>Whether there is such a lease, and its time is not over.</summary>
    public bool IsAlive(string lease) => Find(lease) is not null;

    /// <summary>Ends a lease if its time is over: nobody can keep it alive from then on. False if it is not over, or there is no such lease.</summary>
    public bool TryEnd(string lease)
    {
        if (!_running.TryGetValue(lease, out var running))
            return false;
        while (true)
        {
            var end = Volatile.Read(ref running.End);
            if (end > time.GetTimestamp())
                return false;
            if (Interlocked.CompareExchange(ref running.End, Ended, end) == end)
                return true;
        }
    }

    /// <summary>
    /// Returns the leases whose time is over. Each comes again after a second, until it is deleted. Costs nothing before the time of any is over. For the
    /// writer's thread.
    /// </summary>
    public IReadOnlyList<string> TakeOver()
    {
        var now = time.GetTimestamp();
        if (now < Volatile.Read(ref _earliest))
            return [];
        Volatile.Write(ref _earliest, long.MaxValue);
        List<string> over = [];
        foreach (var (lease, running) in _running)
        {
            if (Volatile.Read(ref running.End) is var end && end <= now)
                over.Add(lease);
            else
                Watch(end);
        }

        if (over.Count > 0)
            Watch(now + TicksOf(Retry));
        return over;
    }

    /// <summary>The timestamp at which the time of a lease can be over; <see cref="long.MaxValue"/> if there is no lease.</summary>
    public long Earliest => Volatile.Read(ref _earliest);

    private void Watch(long end)
    {
        for (var known = Volatile.Read(ref _earliest); end < known; known = Volatile.Read(ref _earliest))
        {
            if (Interlocked.CompareExchange(ref _earliest, end, known) == known)
                return;
        }
    }

    private long TicksOf(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private DateTimeOffset TimeOf(long end, long now) => time.GetUtcNow() + TimeSpan.FromSeconds((double)(end - now) / time.TimestampFrequency);

    private sealed class Running(long ttl)
    {
        // When the lease ends, as a timestamp.
        public long End;

        public long Ttl => ttl;
    }
}
