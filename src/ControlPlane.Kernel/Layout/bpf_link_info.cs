using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct bpf_link_info</c>, linux/bpf.h, of an XDP link; the union has other members for other links.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct bpf_link_info
{
    public uint type;
    public uint id;
    public uint prog_id;
    private readonly uint _padding;

    /// <summary>0 when the device is gone.</summary>
    public uint xdp_ifindex;
    private readonly uint _padding2;
}
