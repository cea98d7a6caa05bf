using System.Buffers;
using System.Diagnostics;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Objects;

/// <summary>Sums counters over CPUs. A frame that is counted during the read can be in the packets and not in the bytes.</summary>
internal static class PerCpuCounter
{
    /// <summary>Returns the sum of an element of a per-CPU map, or zero if the map has no such element.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static devmapd_counter Sum(FileDescriptor map, uint key, string what)
    {
        var perCpu = ArrayPool<devmapd_counter>.Shared.Rent(BpfMap.PossibleCpus);
        try
        {
            var result = BpfMap.LookupPerCpu<devmapd_counter>(map, key, perCpu);
            if (result == -Errno.ENOENT)
                return default;
            KernelCall.Check(result, $"bpf_map_lookup_elem({what})");
            return Sum(perCpu.AsSpan(0, BpfMap.PossibleCpus), static c => c);
        }
        finally
        {
            ArrayPool<devmapd_counter>.Shared.Return(perCpu);
        }
    }

    /// <summary>Returns the sum of one counter over all CPUs.</summary>
    public static devmapd_counter Sum<TValue>(ReadOnlySpan<TValue> perCpu, Func<TValue, devmapd_counter> counter)
    {
        devmapd_counter sum = default;
        foreach (var value in perCpu)
        {
            var one = counter(value);
            sum.packets += one.packets;
            sum.bytes += one.bytes;
        }

        return sum;
    }
}

/// <summary>Converts the kernel's <c>bpf_ktime_get_ns</c> and <c>bpf_ktime_get_coarse_ns</c> (CLOCK_MONOTONIC) to times of day.</summary>
internal static class MonotonicClock
{
    /// <summary>Nanoseconds, as programs read them (<c>bpf_ktime_get_ns</c>). Stopwatch reads the same clock.</summary>
    public static ulong Now => (ulong)(Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency));

    /// <summary>Returns the time of day, reckoned back from now. Never later than now.</summary>
    public static DateTimeOffset At(ulong nanoseconds)
    {
        var now = Now;
        return DateTimeOffset.UtcNow - TimeSpan.FromMicroseconds((now - Math.Min(now, nanoseconds)) / 1000.0);
    }

    /// <summary>Returns the time of day that is to come.</summary>
    public static DateTimeOffset Later(ulong nanoseconds) => DateTimeOffset.UtcNow + TimeSpan.FromMicroseconds(((long)nanoseconds - (long)Now) / 1000.0);
}
