using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// The socket calls of libc that netlink needs. All return -1 with errno on failure; <c>recvfrom</c> and <c>sendto</c>
/// else a number of bytes. Buffers are borrowed for the time of the call.
/// </summary>
internal static unsafe partial class SocketNative
{
    public const int AF_NETLINK = 16;
    public const int SOCK_RAW = 3;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int SOL_SOCKET = 1;
    public const int SO_RCVBUF = 8;
    public const int SO_RCVTIMEO = 20;
    public const int SO_RCVBUFFORCE = 33;
    public const int MSG_TRUNC = 0x20;
    public const int MSG_DONTWAIT = 0x40;
    public const int EFD_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = 0x800;
    public const short POLLIN = 1;

    private const string Libc = "libc";

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int socket(int domain, int type, int protocol);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int bind(SocketHandle socket, sockaddr_nl* address, uint length);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int setsockopt(SocketHandle socket, int level, int option, void* value, uint length);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial nint sendto(SocketHandle socket, byte* buffer, nuint length, int flags, sockaddr_nl* to, uint toLength);

    /// <summary>With MSG_TRUNC it returns the length of the datagram, also where that is more than the buffer takes.</summary>
    [LibraryImport(Libc, SetLastError = true)]
    public static partial nint recvfrom(SocketHandle socket, byte* buffer, nuint length, int flags, sockaddr_nl* from, uint* fromLength);

    /// <summary>The caller keeps the handles alive while it waits.</summary>
    [LibraryImport(Libc, SetLastError = true)]
    public static partial int poll(pollfd* descriptors, nuint count, int timeoutMs);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int eventfd(uint initial, int flags);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial nint read(SocketHandle descriptor, void* buffer, nuint length);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial nint write(SocketHandle descriptor, void* buffer, nuint length);

    [LibraryImport(Libc, SetLastError = true)]
    public static partial int close(nint descriptor);
}
