using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;
using Microsoft.Win32.SafeHandles;

namespace ControlPlane.Kernel.Native;

/// <summary>
/// An owned file descriptor. Closing the descriptor of a BPF object leaves the object in the kernel while it is pinned or in use.
/// Closing the last descriptor of a link that is not pinned detaches the link.
/// </summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    private FileDescriptor(int fd) : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>The number, for calls that take it inside a struct. The caller keeps this object alive during the call.</summary>
    public int Number => (int)handle;

    /// <summary>The kind of object as the kernel names it, for instance <c>anon_inode:bpf-map</c>.</summary>
    public string Kind => new FileInfo($"/proc/self/fd/{Number}").LinkTarget ?? "";

    /// <summary>Takes the result of a libbpf call: a descriptor, or -errno.</summary>
    /// <exception cref="KernelException">The result is -errno.</exception>
    public static FileDescriptor FromLibbpf(int result, string operation) => new(KernelCall.Check(result, operation));

    /// <summary>Opens a path for reading, with further <c>O_</c> flags.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor Open(string path, int flags) =>
        new(KernelCall.Check(KernelCall.RetryLibc(() => Libc.open(path, flags | Libc.O_CLOEXEC)), $"open({path})"));

    /// <summary>Duplicates a descriptor.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static FileDescriptor Duplicate(int fd) =>
        new(KernelCall.Check(KernelCall.RetryLibc(() => Libc.fcntl(fd, Libc.F_DUPFD_CLOEXEC, 3)), "fcntl(F_DUPFD_CLOEXEC)"));

    /// <summary>
    /// Ensures that descriptor 0 is in use. A devmap takes program fd 0 as "no program", without an error, and a daemon
    /// with a closed standard input would get 0 for the next descriptor that it opens.
    /// </summary>
    public static void OccupyZero()
    {
        // Never closed, on purpose. open() returns the lowest free number, which is 0 if 0 is free.
        if (Libc.fcntl(0, Libc.F_GETFD, 0) < 0 && Marshal.GetLastPInvokeError() == Errno.EBADF)
            KernelCall.Check(KernelCall.RetryLibc(() => Libc.open("/dev/null", Libc.O_RDWR)), "open(/dev/null)");
    }

    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}

/// <summary>An owned <c>struct bpf_object</c>. Pinned maps and programs of the object survive its closing.</summary>
internal sealed class BpfObjectHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public BpfObjectHandle(nint obj) : base(ownsHandle: true) => SetHandle(obj);

    protected override bool ReleaseHandle()
    {
        Libbpf.bpf_object__close(handle);
        return true;
    }
}
