using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_drops_config</c>, bpf/devmapd.h: settings of the programs that count drops.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct devmapd_drops_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;

    /// <summary>Inode number of the network namespace.</summary>
    public uint netns;
    public ulong build;
}
