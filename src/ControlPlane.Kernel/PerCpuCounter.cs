using System.Buffers;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel;

/// <summary>Sums counters over CPUs. A frame counted meanwhile may be in packets and not yet in bytes.</summary>
internal static class PerCpuCounter
{
    /// <summary>The sum of an element of a per-CPU map; zero when the map has none.</summary>
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

    /// <summary>The sum of one counter of each CPU's values.</summary>
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
