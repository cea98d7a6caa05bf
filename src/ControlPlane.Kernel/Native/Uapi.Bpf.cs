using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>Constants of linux/bpf.h and linux/if_link.h, under their C names.</summary>
internal static class BpfConstants
{
    public const uint BPF_MAP_TYPE_HASH = 1;
    public const uint BPF_MAP_TYPE_ARRAY = 2;
    public const uint BPF_MAP_TYPE_PERCPU_HASH = 5;
    public const uint BPF_MAP_TYPE_PERCPU_ARRAY = 6;
    public const uint BPF_MAP_TYPE_LRU_PERCPU_HASH = 10;
    public const uint BPF_MAP_TYPE_ARRAY_OF_MAPS = 12;
    public const uint BPF_MAP_TYPE_DEVMAP_HASH = 25;

    public const uint BPF_PROG_TYPE_SCHED_CLS = 3;
    public const uint BPF_PROG_TYPE_XDP = 6;
    public const uint BPF_PROG_TYPE_RAW_TRACEPOINT = 17;

    public const uint BPF_XDP = 37;
    public const uint BPF_LINK_TYPE_RAW_TRACEPOINT = 1;
    public const uint BPF_LINK_TYPE_XDP = 6;
    public const uint BPF_LINK_TYPE_TCX = 11;

    public const ulong BPF_ANY = 0;
    public const ulong BPF_NOEXIST = 1;

    public const uint BPF_F_NO_PREALLOC = 1;
    public const uint BPF_F_NUMA_NODE = 4;
    public const uint BPF_F_RDONLY = 8;
    public const uint BPF_F_WRONLY = 16;
    public const uint BPF_F_RDONLY_PROG = 128;
    public const uint BPF_F_MMAPABLE = 1024;
    public const uint BPF_F_INNER_MAP = 4096;

    public const uint BPF_F_XDP_HAS_FRAGS = 32;
    public const uint BPF_F_TEST_XDP_LIVE_FRAMES = 2;
    public const uint BPF_F_BROADCAST = 8;

    public const uint XDP_FLAGS_SKB_MODE = 2;
    public const uint XDP_FLAGS_DRV_MODE = 4;

    public const uint XDP_ABORTED = 0;
    public const uint XDP_DROP = 1;
    public const uint XDP_PASS = 2;
    public const uint XDP_TX = 3;
    public const uint XDP_REDIRECT = 4;
}

/// <summary>Constants of linux/bpf.h since Linux 6.6, under their C names. The headers of some distributions that tests run on lack them.</summary>
internal static class TcxConstants
{
    public const uint BPF_TCX_INGRESS = 46;
    public const uint BPF_LINK_TYPE_TCX = 11;
}

/// <summary>The <c>struct bpf_devmap_val</c> of a write: it carries a program <b>fd</b>. A read gives <see cref="bpf_devmap_val_read"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_devmap_val_write
{
    public uint ifindex;

    /// <summary>Greater than 0. The kernel takes anything else as "no program".</summary>
    public int bpf_prog_fd;
}

/// <summary>The <c>struct bpf_devmap_val</c> of a read: it carries a program <b>id</b>. A write takes <see cref="bpf_devmap_val_write"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_devmap_val_read
{
    public uint ifindex;

    /// <summary>0 for none.</summary>
    public uint bpf_prog_id;
}

/// <summary><c>struct bpf_insn</c>: one BPF instruction.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_insn
{
    public byte code;

    /// <summary>dst_reg in the lower four bits, src_reg in the upper.</summary>
    public byte registers;
    public short off;
    public int imm;
}

/// <summary>The beginning of <c>struct bpf_map_info</c>. The kernel fills as many bytes as the caller asks for.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct bpf_map_info
{
    public uint type;
    public uint id;
    public uint key_size;
    public uint value_size;
    public uint max_entries;
    public uint map_flags;
    public fixed byte name[16];
}

/// <summary>The beginning of <c>struct bpf_prog_info</c>. The kernel fills as many bytes as the caller asks for.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct bpf_prog_info
{
    public uint type;
    public uint id;
    public fixed byte tag[8];
    public uint jited_prog_len;
    public uint xlated_prog_len;
    public ulong jited_prog_insns;
    public ulong xlated_prog_insns;
    public ulong load_time;
    public uint created_by_uid;

    /// <summary>In: how many ids the array takes. Out: how many maps the program uses.</summary>
    public uint nr_map_ids;

    /// <summary>The address of the array for the ids.</summary>
    public ulong map_ids;
    public fixed byte name[16];
}

/// <summary>The <c>struct bpf_link_info</c> of an XDP link. The union has other members for other links; that of a tcx link begins with its ifindex, too.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_link_info
{
    public uint type;
    public uint id;
    public uint prog_id;
    private readonly uint _padding;

    /// <summary>0 if the device no longer exists.</summary>
    public uint xdp_ifindex;
    private readonly uint _padding2;
}

/// <summary><c>struct xdp_md</c>: what an XDP program sees of a frame.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct xdp_md
{
    public uint data;
    public uint data_end;
    public uint data_meta;
    public uint ingress_ifindex;
    public uint rx_queue_index;
    public uint egress_ifindex;
}
