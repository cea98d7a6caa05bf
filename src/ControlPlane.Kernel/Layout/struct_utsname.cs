using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct utsname</c>, sys/utsname.h: strings that end with 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct struct_utsname
{
    public fixed byte sysname[65];
    public fixed byte nodename[65];
    public fixed byte release[65];
    public fixed byte version[65];
    public fixed byte machine[65];
    public fixed byte domainname[65];
}
