using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_counter</c>, bpf/devmapd.h: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_counter
{
    public ulong packets;
    public ulong bytes;
}
