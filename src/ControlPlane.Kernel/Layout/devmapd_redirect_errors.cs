using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_redirect_errors</c>, bpf/devmapd.h: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_redirect_errors
{
    public ulong target_down;
    public ulong too_long;
    public ulong not_accepted;
    public ulong other;
}
