namespace ControlPlane.Kernel.Layout;

/// <summary>Constants of linux/bpf.h, linux/if_link.h and bpf/devmapd.h, under their C names.</summary>
internal static class BpfConstants
{
    public const uint BPF_MAP_TYPE_HASH = 1;
    public const uint BPF_MAP_TYPE_ARRAY = 2;
    public const uint BPF_MAP_TYPE_PERCPU_HASH = 5;
    public const uint BPF_MAP_TYPE_PERCPU_ARRAY = 6;
    public const uint BPF_MAP_TYPE_LRU_PERCPU_HASH = 10;
    public const uint BPF_MAP_TYPE_ARRAY_OF_MAPS = 12;
    public const uint BPF_MAP_TYPE_DEVMAP_HASH = 25;

    public const uint BPF_PROG_TYPE_XDP = 6;
    public const uint BPF_PROG_TYPE_RAW_TRACEPOINT = 17;

    public const uint BPF_XDP = 37;
    public const uint BPF_LINK_TYPE_RAW_TRACEPOINT = 1;
    public const uint BPF_LINK_TYPE_XDP = 6;

    public const ulong BPF_ANY = 0;
    public const ulong BPF_NOEXIST = 1;

    public const uint BPF_F_NO_PREALLOC = 1;
    public const uint BPF_F_NUMA_NODE = 4;
    public const uint BPF_F_RDONLY = 8;
    public const uint BPF_F_WRONLY = 16;
    public const uint BPF_F_RDONLY_PROG = 128;
    public const uint BPF_F_MMAPABLE = 1024;

    public const uint BPF_F_XDP_HAS_FRAGS = 32;
    public const uint BPF_F_TEST_XDP_LIVE_FRAMES = 2;
    public const uint BPF_F_BROADCAST = 8;

    public const uint XDP_FLAGS_SKB_MODE = 2;
    public const uint XDP_FLAGS_DRV_MODE = 4;

    public const uint XDP_ABORTED = 0;
    public const uint XDP_DROP = 1;
    public const uint XDP_PASS = 2;
    public const uint XDP_REDIRECT = 4;

    public const uint DEVMAPD_MAGIC = 0x706d7664;
    public const uint DEVMAPD_VERSION = 2;
    public const uint DEVMAPD_OLDEST_VERSION = 1;
    public const uint DEVMAPD_MISSED_KEYS = 64;
}
