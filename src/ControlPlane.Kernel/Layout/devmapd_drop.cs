using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_drop</c>, bpf/devmapd.h: one CPU's share.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_drop
{
    public ulong packets;

    /// <summary>CLOCK_MONOTONIC.</summary>
    public ulong last_ns;
    public ulong last_tick;
}
