using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// Calls of libc on sockets. <c>recvfrom</c>, <c>sendto</c>, <c>read</c> and <c>write</c> return a number of bytes on
/// success. A buffer is borrowed during the call.
/// </summary>
internal static unsafe partial class Libc
{
    public const int AF_NETLINK = 16;
    public const int SOCK_RAW = 3;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int SOL_SOCKET = 1;
    public const int SO_RCVBUF = 8;
    public const int SO_RCVTIMEO = 20;
    public const int SO_RCVBUFFORCE = 33;
    public const int SO_NETNS_COOKIE = 71;
    public const int MSG_TRUNC = 0x20;
    public const int MSG_DONTWAIT = 0x40;
    public const int EFD_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = 0x800;
    public const short POLLIN = 1;

    [LibraryImport(Library, SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int bind(FileDescriptor socket, sockaddr_nl* address, uint length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int setsockopt(FileDescriptor socket, int level, int option, void* value, uint length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int getsockopt(FileDescriptor socket, int level, int option, void* value, uint* length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint sendto(FileDescriptor socket, byte* buffer, nuint length, int flags, sockaddr_nl* to, uint toLength);

    /// <summary>With MSG_TRUNC, returns the full length of the datagram, even if the buffer is too small for it.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial nint recvfrom(FileDescriptor socket, byte* buffer, nuint length, int flags, sockaddr_nl* from, uint* fromLength);

    /// <summary>The caller keeps the handles alive while it waits.</summary>
    [LibraryImport(Library, SetLastError = true)]
    public static partial int poll(pollfd* descriptors, nuint count, int timeoutMs);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint read(FileDescriptor descriptor, void* buffer, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint write(FileDescriptor descriptor, void* buffer, nuint length);
}
