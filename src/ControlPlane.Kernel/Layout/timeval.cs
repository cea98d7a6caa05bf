using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct timeval</c> (sys/time.h) of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
#pragma warning disable CS8981 // the name of the C struct
internal struct timeval
#pragma warning restore CS8981
{
    public long tv_sec;
    public long tv_usec;
}
