using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_pass_config</c>, bpf/devmapd.h: the mark of a pass program.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_pass_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;
}
