using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct statfs</c>, sys/statfs.h, 64-bit.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct struct_statfs
{
    public long f_type;
    private fixed long _rest[14];
}
