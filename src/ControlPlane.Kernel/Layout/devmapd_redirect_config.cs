using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_redirect_config</c>, bpf/devmapd.h: settings of a redirect program.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_redirect_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;
    public uint selector;
    public uint miss_action;
    public uint counters;

    /// <summary>-1 for any.</summary>
    public int numa_node;
}
