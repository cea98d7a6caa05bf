using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Layout;

/// <summary><c>struct pollfd</c> (poll.h).</summary>
[StructLayout(LayoutKind.Sequential)]
#pragma warning disable CS8981 // the name of the C struct
internal struct pollfd
#pragma warning restore CS8981
{
    public int fd;
    public short events;
    public short revents;
}
