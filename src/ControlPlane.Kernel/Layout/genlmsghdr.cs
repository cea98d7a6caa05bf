using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct genlmsghdr</c> (linux/genetlink.h): begins the payload of generic netlink messages.</summary>
[StructLayout(LayoutKind.Sequential)]
#pragma warning disable CS8981 // the name of the C struct
internal struct genlmsghdr
#pragma warning restore CS8981
{
    public byte cmd;
    public byte version;
    public ushort reserved;
}
