using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Objects;

/// <summary>The kernel's description of a BPF object. Asked by descriptor: asking by id needs CAP_SYS_ADMIN.</summary>
internal static unsafe class BpfInfo
{
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bpf_map_info OfMap(FileDescriptor map) => Read<bpf_map_info>(map);

    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bpf_prog_info OfProgram(FileDescriptor program) => Read<bpf_prog_info>(program);

    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bpf_link_info OfLink(FileDescriptor link) => Read<bpf_link_info>(link);

    /// <summary>Returns the ids of the maps that a program uses.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlySet<uint> MapsOf(FileDescriptor program)
    {
        // Our programs use about ten maps. The kernel fills as many ids as the array takes.
        var ids = stackalloc uint[64];
        var info = new bpf_prog_info { nr_map_ids = 64, map_ids = (ulong)ids };
        Fill(program, ref info);
        return new HashSet<uint>(new ReadOnlySpan<uint>(ids, (int)Math.Min(info.nr_map_ids, 64)).ToArray());
    }

    private static TInfo Read<TInfo>(FileDescriptor fd) where TInfo : unmanaged
    {
        TInfo info = default;
        Fill(fd, ref info);
        return info;
    }

    private static void Fill<TInfo>(FileDescriptor fd, ref TInfo info) where TInfo : unmanaged
    {
        fixed (TInfo* buffer = &info)
        {
            var length = (uint)sizeof(TInfo);
            KernelCall.Check(Libbpf.bpf_obj_get_info_by_fd(fd, buffer, &length), $"bpf_obj_get_info_by_fd({typeof(TInfo).Name})");
        }
    }
}
