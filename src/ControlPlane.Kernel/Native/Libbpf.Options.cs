using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

// The option structs of bpf/bpf.h and bpf/libbpf.h. Each begins with its own size; libbpf takes all bytes beyond that size as zero.

/// <summary><c>struct bpf_map_create_opts</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_map_create_opts
{
    public nuint sz;
    public uint btf_fd;
    public uint btf_key_type_id;
    public uint btf_value_type_id;
    public uint btf_vmlinux_value_type_id;
    public uint inner_map_fd;
    public uint map_flags;
    public ulong map_extra;
    public uint numa_node;
    public uint map_ifindex;
}

/// <summary><c>struct bpf_obj_get_opts</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_obj_get_opts
{
    public nuint sz;
    public uint file_flags;
    private readonly uint _padding;
}

/// <summary>The beginning of <c>struct bpf_object_open_opts</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct bpf_object_open_opts
{
    public nuint sz;

    /// <summary>The name of the object. The kernel's name of its .rodata map begins with it.</summary>
    public byte* object_name;
}

/// <summary>The beginning of <c>struct bpf_prog_load_opts</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_prog_load_opts
{
    public nuint sz;
    public int attempts;
    public uint expected_attach_type;
    public uint prog_btf_fd;
    public uint prog_flags;
}

/// <summary>The beginning of <c>struct bpf_link_create_opts</c>: the part that XDP needs.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_link_create_opts
{
    public nuint sz;
    public uint flags;
    private readonly uint _padding;
}

/// <summary><c>struct bpf_test_run_opts</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct bpf_test_run_opts
{
    public nuint sz;
    public void* data_in;
    public void* data_out;
    public uint data_size_in;
    public uint data_size_out;
    public void* ctx_in;
    public void* ctx_out;
    public uint ctx_size_in;
    public uint ctx_size_out;
    public uint retval;
    public int repeat;
    public uint duration;
    public uint flags;
    public uint cpu;
    public uint batch_size;
}
