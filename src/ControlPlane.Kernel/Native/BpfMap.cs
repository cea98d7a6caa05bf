using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// Element operations. They return as libbpf does (0 or -errno): what a refusal means, the caller knows. Nothing here
/// allocates.
/// </summary>
internal static unsafe class BpfMap
{
    /// <summary>How many values an element of a per-CPU map has.</summary>
    public static int PossibleCpus { get; } = KernelCall.Check(Libbpf.libbpf_num_possible_cpus(), "libbpf_num_possible_cpus");

    public static int Update<TValue>(FileDescriptor map, uint key, TValue value) where TValue : unmanaged
    {
        int result;
        do
            result = Libbpf.bpf_map_update_elem(map, &key, &value, BpfConstants.BPF_ANY);
        while (KernelCall.Interrupted(result));
        return result;
    }

    /// <summary>The map's values must be no larger than <typeparamref name="TValue"/>; what they leave of it is zero.</summary>
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

    /// <summary>Reads all CPUs' values of an element; <paramref name="values"/> has <see cref="PossibleCpus"/> places.</summary>
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

    /// <summary>Makes an element of zeros on all CPUs; -EEXIST leaves the one that is there.</summary>
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
    /// Reads a per-CPU hash: each element once, or not at all if it comes or goes meanwhile. The values' size must be a
    /// multiple of 8 bytes. (<c>BPF_MAP_LOOKUP_BATCH</c>, 5.6; the kernel's place in the table only ever moves on.)
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static List<TElement> ReadPerCpu<TKey, TValue, TElement>(FileDescriptor map, string what, PerCpuElement<TKey, TValue, TElement> read)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        const int BatchSize = 256;
        var (keys, values) = (new TKey[BatchSize], new TValue[BatchSize * PossibleCpus]);
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

    /// <summary>Creates a map; the descriptor can read and write.</summary>
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
