using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_obj_get_opts</c>, bpf/bpf.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_obj_get_opts
{
    public nuint sz;
    public uint file_flags;
    private readonly uint _padding;
}
