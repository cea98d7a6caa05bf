using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct devmapd_egress_config</c>, bpf/devmapd.h: settings of an egress program.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct devmapd_egress_config
{
    public uint magic;
    public uint version;
    public devmapd_kind kind;
    public uint template;
    public ushort vlan_id;
    public byte set_source;
    public byte set_destination;
    public fixed byte source_mac[6];
    public fixed byte destination_mac[6];
}
