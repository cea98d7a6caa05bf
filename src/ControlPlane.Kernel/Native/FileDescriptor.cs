using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;
using Microsoft.Win32.SafeHandles;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// An owned file descriptor. Closing one of a BPF object takes nothing out of the kernel that is pinned or in use; closing
/// the last one of a link that is not pinned detaches it.
/// </summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    private FileDescriptor(int fd) : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>The number, for calls that take it inside a struct; the caller keeps this object alive meanwhile.</summary>
    public int Number => (int)handle;

    /// <summary>What the kernel says it is, for instance <c>anon_inode:bpf-map</c>.</summary>
    public string Kind => new FileInfo($"/proc/self/fd/{Number}").LinkTarget ?? "";

    /// <summary>Takes what a libbpf call returned: a descriptor, or -errno.</summary>
    /// <exception cref="KernelException">It was -errno.</exception>
    public static FileDescriptor FromLibbpf(int result, string operation) => new(KernelCall.Check(result, operation));

    /// <summary>Opens a path for reading, with further <c>O_</c> flags.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor Open(string path, int flags) =>
        new(KernelCall.Check(KernelCall.RetryLibc(() => Libc.open(path, flags | Libc.O_CLOEXEC)), $"open({path})"));

    /// <summary>A second descriptor of the same thing.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor Duplicate(int fd) =>
        new(KernelCall.Check(KernelCall.RetryLibc(() => Libc.fcntl(fd, Libc.F_DUPFD_CLOEXEC, 3)), "fcntl(F_DUPFD_CLOEXEC)"));

    /// <summary>
    /// Makes sure that no descriptor 0 can be handed out: a devmap takes program fd 0 for "no program", without a word.
    /// A daemon whose standard input was closed would otherwise get it for the next thing it opens.
    /// </summary>
    public static void OccupyZero()
    {
        // Deliberately never closed. open() gives the lowest free number, which is 0 if 0 is free.
        if (Libc.fcntl(0, Libc.F_GETFD, 0) < 0 && Marshal.GetLastPInvokeError() == Errno.EBADF)
            KernelCall.Check(KernelCall.RetryLibc(() => Libc.open("/dev/null", Libc.O_RDWR)), "open(/dev/null)");
    }

    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}
