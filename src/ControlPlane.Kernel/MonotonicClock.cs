using System.Diagnostics;

namespace ControlPlane.Kernel;

/// <summary>Turns the kernel's <c>bpf_ktime_get_ns</c> and <c>bpf_ktime_get_coarse_ns</c> (CLOCK_MONOTONIC) into times of day.</summary>
internal static class MonotonicClock
{
    /// <summary>When that was, by what the clock shows now. Never later than now.</summary>
    public static DateTimeOffset At(ulong nanoseconds)
    {
        // Stopwatch reads the same clock.
        var now = (ulong)(Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency));
        return DateTimeOffset.UtcNow - TimeSpan.FromMicroseconds((now - Math.Min(now, nanoseconds)) / 1000.0);
    }
}
