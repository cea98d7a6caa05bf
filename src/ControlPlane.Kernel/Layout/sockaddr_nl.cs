using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct sockaddr_nl</c> (linux/netlink.h).</summary>
[StructLayout(LayoutKind.Sequential)]
#pragma warning disable CS8981 // the name of the C struct
internal struct sockaddr_nl
#pragma warning restore CS8981
{
    public ushort nl_family;
    public ushort nl_pad;
    public uint nl_pid;
    public uint nl_groups;
}
