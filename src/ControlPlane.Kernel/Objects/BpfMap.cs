using System.Buffers;
using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Objects;

/// <summary>Converts an element of a per-CPU map: its key, and its value on each CPU.</summary>
internal delegate TElement PerCpuElement<in TKey, TValue, out TElement>(TKey key, ReadOnlySpan<TValue> values);

/// <summary>
/// Operations on map elements. They return as libbpf does (0 or -errno): the caller knows the meaning of a refusal.
/// Operations on one element allocate nothing.
/// </summary>
internal static unsafe class BpfMap
{
    /// <summary>The number of values in an element of a per-CPU map.</summary>
    public static int PossibleCpus { get; } = KernelCall.Check(Libbpf.libbpf_num_possible_cpus(), "libbpf_num_possible_cpus");

    public static int Update<TValue>(FileDescriptor map, uint key, TValue value) where TValue : unmanaged
    {
        int result;
        do
            result = Libbpf.bpf_map_update_elem(map, &key, &value, BpfConstants.BPF_ANY);
        while (KernelCall.Interrupted(result));
        return result;
    }

    /// <summary>Reads an element. The map's values must not be larger than <typeparamref name="TValue"/>; the bytes beyond them are zero.</summary>
    public static int Lookup<TValue>(FileDescriptor map, uint key, out TValue value) where TValue : unmanaged
    {
        int result;
        TValue found = default;
        do
            result = Libbpf.bpf_map_lookup_elem(map, &key, &found);
        while (KernelCall.Interrupted(result));
        value = found;
        return result;
    }

    /// <summary>Reads the values of an element on all CPUs. <paramref name="values"/> has room for <see cref="PossibleCpus"/> values.</summary>
    public static int LookupPerCpu<TValue>(FileDescriptor map, uint key, Span<TValue> values) where TValue : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, PossibleCpus);
        int result;
        fixed (TValue* first = values)
        {
            do
                result = Libbpf.bpf_map_lookup_elem(map, &key, first);
            while (KernelCall.Interrupted(result));
        }

        return result;
    }

    /// <summary>Writes an element of a per-CPU map. <paramref name="values"/> has one value for each of <see cref="PossibleCpus"/>.</summary>
    public static int UpdatePerCpu<TKey, TValue>(FileDescriptor map, TKey key, ReadOnlySpan<TValue> values)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Length, PossibleCpus);
        int result;
        fixed (TValue* first = values)
        {
            do
                result = Libbpf.bpf_map_update_elem(map, &key, first, BpfConstants.BPF_ANY);
            while (KernelCall.Interrupted(result));
        }

        return result;
    }

    /// <summary>Adds an element of zeros on all CPUs. Returns -EEXIST, and changes nothing, if the element exists.</summary>
    public static int InsertZeros<TValue>(FileDescriptor map, uint key) where TValue : unmanaged
    {
        var zeros = new TValue[PossibleCpus];
        int result;
        fixed (TValue* first = zeros)
        {
            do
                result = Libbpf.bpf_map_update_elem(map, &key, first, BpfConstants.BPF_NOEXIST);
            while (KernelCall.Interrupted(result));
        }

        return result;
    }

    /// <summary>
    /// Reads all elements of a per-CPU hash, each at most once (<c>BPF_MAP_LOOKUP_BATCH</c>, 5.6: the kernel walks the table
    /// forward only). An element that is added or removed during the walk can be missing. The size of the values must be
    /// a multiple of 8 bytes.
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static List<TElement> ReadPerCpu<TKey, TValue, TElement>(FileDescriptor map, string what, PerCpuElement<TKey, TValue, TElement> read)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        const int BatchSize = 256;
        // Some answers read several of these maps.
        var (keys, values) = (ArrayPool<TKey>.Shared.Rent(BatchSize), ArrayPool<TValue>.Shared.Rent(BatchSize * PossibleCpus));
        try
        {
            var elements = new List<TElement>();
            uint position = 0;
            var started = false;
            int result;
            do
            {
                var count = (uint)BatchSize;
                fixed (TKey* firstKey = keys)
                fixed (TValue* firstValue = values)
                    result = Libbpf.bpf_map_lookup_batch(map, started ? &position : null, &position, firstKey, firstValue, &count, null);
                if (result != -Errno.ENOENT)
                    KernelCall.Check(result, $"bpf_map_lookup_batch({what})");
                for (var i = 0; i < count; i++)
                    elements.Add(read(keys[i], values.AsSpan(i * PossibleCpus, PossibleCpus)));
                started = true;
            }
            while (result == 0);
            return elements;
        }
        finally
        {
            ArrayPool<TKey>.Shared.Return(keys);
            ArrayPool<TValue>.Shared.Return(values);
        }
    }

    public static int Delete(FileDescriptor map, uint key)
    {
        int result;
        do
            result = Libbpf.bpf_map_delete_elem(map, &key);
        while (KernelCall.Interrupted(result));
        return result;
    }

    public static int NextKey(FileDescriptor map, uint? after, out uint next)
    {
        int result;
        var key = after.GetValueOrDefault();
        uint found = 0;
        do
            result = Libbpf.bpf_map_get_next_key(map, after.HasValue ? &key : null, &found);
        while (KernelCall.Interrupted(result));
        next = found;
        return result;
    }

    /// <summary>Creates a map. The descriptor can read and write.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor Create(uint type, string name, uint valueSize, uint maxEntries, bpf_map_create_opts opts = default)
    {
        opts.sz = (nuint)sizeof(bpf_map_create_opts);
        return FileDescriptor.FromLibbpf(
            KernelCall.Retry(() =>
            {
                var copy = opts;
                return Libbpf.bpf_map_create(type, name, sizeof(uint), valueSize, maxEntries, &copy);
            }),
            $"bpf_map_create({name})");
    }
}
