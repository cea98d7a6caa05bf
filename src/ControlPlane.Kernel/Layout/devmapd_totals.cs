using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_totals</c>, bpf/devmapd.h: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_totals
{
    public devmapd_counter redirected;
    public devmapd_counter missed;
    public devmapd_counter unkeyed;
}
