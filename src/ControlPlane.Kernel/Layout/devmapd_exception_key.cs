using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_exception_key</c>, bpf/devmapd.h: what XDP exceptions are counted by.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_exception_key
{
    public uint ifindex;
    public uint program_id;
    public uint action;
}
