using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct nlattr</c> (linux/netlink.h): begins every attribute.</summary>
[StructLayout(LayoutKind.Sequential)]
#pragma warning disable CS8981 // the name of the C struct
internal struct nlattr
#pragma warning restore CS8981
{
    public ushort nla_len;
    public ushort nla_type;
}
