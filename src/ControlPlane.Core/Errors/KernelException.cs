namespace ControlPlane.Core.Errors;

/// <summary>
/// A system call or libbpf call that the kernel refused. Ports throw it; the writer and the services turn it into an
/// error of the catalogue that names the field, or into <see cref="ErrorCode.KernelFailure"/>.
/// </summary>
/// <param name="operation">What was tried, for instance <c>bpf_map_update_elem(devmap default, key 7)</c>.</param>
/// <param name="errno">The kernel's errno, positive.</param>
/// <param name="errnoText">The errno's name and meaning, for instance <c>EINVAL (Invalid argument)</c>.</param>
public sealed class KernelException(string operation, int errno, string errnoText)
    : Exception($"{operation}: {errnoText}")
{
    /// <summary>What was tried.</summary>
    public string Operation { get; } = operation;

    /// <summary>The kernel's errno, positive.</summary>
    public int Errno { get; } = errno;

    /// <summary>The errno's name and meaning.</summary>
    public string ErrnoText { get; } = errnoText;

    /// <summary>The kernel verifier's whole log, when a program failed to load.</summary>
    public string? VerifierLog { get; init; }
}
