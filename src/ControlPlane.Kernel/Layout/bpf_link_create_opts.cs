using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_link_create_opts</c>, bpf/bpf.h, as far as XDP needs it; libbpf takes what lies beyond <c>sz</c> as zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_link_create_opts
{
    public nuint sz;
    public uint flags;
    private readonly uint _padding;
}
