using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_insn</c>, linux/bpf.h: one BPF instruction.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_insn
{
    public byte code;

    /// <summary>dst_reg in the lower four bits, src_reg in the upper.</summary>
    public byte registers;
    public short off;
    public int imm;
}
