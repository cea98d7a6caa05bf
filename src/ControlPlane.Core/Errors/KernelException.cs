namespace ControlPlane.Core.Errors;

/// <summary>
/// A system call or libbpf call that the kernel refused. Ports throw it; the writer and the services turn it into an
/// error of the catalogue that names the field, or into <see cref="ErrorCode.KernelFailure"/>.
/// </summary>
/// <param name="operation">The operation that failed, for instance <c>bpf_map_update_elem(devmap default, key 7)</c>.</param>
/// <param name="errno">The kernel's errno, positive.</param>
/// <param name="errnoText">The errno's name and meaning, for instance <c>EINVAL (Invalid argument)</c>.</param>
public sealed class KernelException(string operation, int errno, string errnoText)
    : Exception($"{operation}: {errnoText}")
{
    /// <summary>The operation that failed.</summary>
    public string Operation { get; } = operation;

    /// <summary>The kernel's errno, positive.</summary>
    public int Errno { get; } = errno;

    /// <summary>The errno's name and meaning.</summary>
    public string ErrnoText { get; } = errnoText;

    /// <summary>The kernel verifier's whole log, when a program failed to load.</summary>
    public string? VerifierLog { get; init; }
}

/// <summary>The errno values that mean something to the daemon (Linux, asm-generic; the same on x86-64 and arm64).</summary>
public static class Errno
{
#pragma warning disable CS1591 // the names are the kernel's and say it all
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int ENXIO = 6;
    public const int E2BIG = 7;
    public const int EBADF = 9;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int ENODEV = 19;
    public const int EINVAL = 22;
    public const int ENOSPC = 28;
    public const int ERANGE = 34;
    public const int ENOLINK = 67;
    public const int EMSGSIZE = 90;
    public const int EOPNOTSUPP = 95;
    public const int ENETDOWN = 100;
    public const int ENOBUFS = 105;
#pragma warning restore CS1591

    /// <summary>The kernel's internal "not supported" (ENOTSUPP), which leaks out of some BPF calls and strerror does not know.</summary>
    public const int ENOTSUPP = 524;
}
