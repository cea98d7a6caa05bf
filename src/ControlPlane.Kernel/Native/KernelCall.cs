using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;

namespace ControlPlane.Kernel.Native;

/// <summary>The one place that turns results of native calls into errno values, retries and exceptions.</summary>
internal static class KernelCall
{
    /// <summary>Returns whether a signal interrupted a libbpf call (-errno), so that the caller must repeat it.</summary>
    public static bool Interrupted(int result) => result == -Errno.EINTR;

    /// <summary>Makes a libbpf call (-errno), and repeats it while signals interrupt it. Not for calls that run per entry.</summary>
    public static int Retry(Func<int> call)
    {
        int result;
        do
            result = call();
        while (Interrupted(result));
        return result;
    }

    /// <summary>Makes a libc call (-1 and errno), and repeats it while signals interrupt it. Returns -errno, as libbpf does.</summary>
    public static int RetryLibc(Func<int> call) => Retry(() => FromLibc(call()));

    /// <summary>Converts the result of the latest libc call (-1 and errno) to the convention of libbpf (-errno).</summary>
    public static int FromLibc(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    /// <summary>Returns the result if it is not -errno.</summary>
    /// <exception cref="KernelException">The result is -errno.</exception>
    public static int Check(int result, string operation) => result >= 0 ? result : throw Failure(operation, -result);

    /// <summary>Creates the exception for a call that failed.</summary>
    public static KernelException Failure(string operation, int errno, string? verifierLog = null) =>
        new(operation, errno, Describe(errno)) { VerifierLog = verifierLog };

    /// <summary>Returns an errno's name and meaning, for instance <c>EINVAL (Invalid argument)</c>.</summary>
    public static string Describe(int errno) => errno switch
    {
        // strerror does not know 524: the kernel uses it internally and still returns it.
        Errno.ENOTSUPP => "ENOTSUPP (Operation not supported by this kind of object)",
        _ => $"{Name(errno)} ({Marshal.GetPInvokeErrorMessage(errno)})",
    };

    private static string Name(int errno) => errno switch
    {
        Errno.EPERM => nameof(Errno.EPERM),
        Errno.ENOENT => nameof(Errno.ENOENT),
        Errno.EINTR => nameof(Errno.EINTR),
        Errno.ENXIO => nameof(Errno.ENXIO),
        Errno.E2BIG => nameof(Errno.E2BIG),
        Errno.EBADF => nameof(Errno.EBADF),
        Errno.EAGAIN => nameof(Errno.EAGAIN),
        Errno.ENOMEM => nameof(Errno.ENOMEM),
        Errno.EACCES => nameof(Errno.EACCES),
        Errno.EBUSY => nameof(Errno.EBUSY),
        Errno.EEXIST => nameof(Errno.EEXIST),
        Errno.ENODEV => nameof(Errno.ENODEV),
        Errno.EINVAL => nameof(Errno.EINVAL),
        Errno.ENOSPC => nameof(Errno.ENOSPC),
        Errno.ERANGE => nameof(Errno.ERANGE),
        Errno.EMSGSIZE => nameof(Errno.EMSGSIZE),
        Errno.EOPNOTSUPP => nameof(Errno.EOPNOTSUPP),
        Errno.ENETDOWN => nameof(Errno.ENETDOWN),
        Errno.ENOBUFS => nameof(Errno.ENOBUFS),
        _ => $"errno {errno}",
    };
}
