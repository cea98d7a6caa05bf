using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Layout;

namespace ControlPlane.Kernel.Native;

/// <summary>What the kernel says of an object. By descriptor, never by id: that would need CAP_SYS_ADMIN.</summary>
internal static unsafe class BpfInfo
{
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bpf_map_info OfMap(FileDescriptor map) => Read<bpf_map_info>(map);

    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bpf_prog_info OfProgram(FileDescriptor program) => Read<bpf_prog_info>(program);

    /// <exception cref="KernelException">The kernel refused.</exception>
    public static bpf_link_info OfLink(FileDescriptor link) => Read<bpf_link_info>(link);

    /// <summary>The ids of the maps a program uses.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlySet<uint> MapsOf(FileDescriptor program)
    {
        // Our programs use at most five maps; the kernel fills as many as there is room for.
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
