using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_transmit_drop_key</c>, bpf/devmapd.h: what drops on the way out are counted by.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_transmit_drop_key
{
    public uint from;
    public uint to;
    public uint error;
}
