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
