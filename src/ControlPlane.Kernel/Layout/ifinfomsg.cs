using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct ifinfomsg</c> (linux/rtnetlink.h): begins the payload of link messages.</summary>
[StructLayout(LayoutKind.Sequential)]
#pragma warning disable CS8981 // the name of the C struct
internal struct ifinfomsg
#pragma warning restore CS8981
{
    public byte ifi_family;
    public byte __ifi_pad;
    public ushort ifi_type;
    public int ifi_index;
    public uint ifi_flags;
    public uint ifi_change;
}
