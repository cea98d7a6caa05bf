using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_redirect_error_key</c>, bpf/devmapd.h: what redirect errors are counted by.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_redirect_error_key
{
    public uint map_id;
    public uint key;
    public uint error;
}
