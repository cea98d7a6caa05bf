using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_missed_key</c>, bpf/devmapd.h: one CPU's word.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_missed_key
{
    public uint key;
    private readonly uint _padding;

    /// <summary>0: nobody has taken the place yet.</summary>
    public ulong packets;

    /// <summary>CLOCK_MONOTONIC.</summary>
    public ulong last_ns;
}
