using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_prog_load_opts</c>, bpf/bpf.h, as far as probes need it; libbpf takes what lies beyond <c>sz</c> as zero.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_prog_load_opts
{
    public nuint sz;
    public int attempts;
    public uint expected_attach_type;
    public uint prog_btf_fd;
    public uint prog_flags;
}
