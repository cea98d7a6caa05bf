using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_object_open_opts</c>, bpf/libbpf.h, as far as it is used; libbpf takes what lies beyond <c>sz</c> as zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct bpf_object_open_opts
{
    public nuint sz;

    /// <summary>Name of the object, of which the kernel names of its .rodata map begin.</summary>
    public byte* object_name;
}
