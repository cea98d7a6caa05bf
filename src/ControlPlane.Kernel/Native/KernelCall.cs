using System.Runtime.InteropServices;
using ControlPlane.Core.Errors;

namespace ControlPlane.Kernel.Native;

/// <summary>The one place where results of native calls become errno values, retries and exceptions.</summary>
internal static class KernelCall
{
    /// <summary>Whether a libbpf call (-errno) was interrupted by a signal and is to be made again.</summary>
    public static bool Interrupted(int result) => result == -Errno.EINTR;

    /// <summary>Makes a libbpf call (-errno), again while signals interrupt it. For calls that are not made per entry.</summary>
    public static int Retry(Func<int> call)
    {
        int result;
        do
            result = call();
        while (Interrupted(result));
        return result;
    }

    /// <summary>Makes a libc call (-1 and errno), again while signals interrupt it; returns as libbpf does, -errno.</summary>
    public static int RetryLibc(Func<int> call) => Retry(() => FromLibc(call()));

    /// <summary>What a libc call has just returned (-1 and errno), as libbpf would return it (-errno).</summary>
    public static int FromLibc(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    /// <summary>Gives back a result that is no -errno.</summary>
    /// <exception cref="KernelException">It is.</exception>
    public static int Check(int result, string operation) => result >= 0 ? result : throw Failure(operation, -result);

    /// <summary>The exception for a call that failed.</summary>
    public static KernelException Failure(string operation, int errno, string? verifierLog = null) =>
        new(operation, errno, Describe(errno)) { VerifierLog = verifierLog };

    /// <summary>An errno's name and meaning, for instance <c>EINVAL (Invalid argument)</c>.</summary>
    public static string Describe(int errno) => errno switch
    {
        // strerror knows no 524: the kernel never meant it to be seen.
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
