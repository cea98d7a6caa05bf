namespace ControlPlane.Daemon.Hosting;

/// <summary>The exit codes of the process, as in <c>sysexits.h</c>. <c>docs/operation.md</c> says what to do about each.</summary>
internal static class ExitCodes
{
    /// <summary>The daemon was asked to stop and did, or the command succeeded.</summary>
    public const int Ok = 0;

    /// <summary><c>EX_USAGE</c>: an argument is not known.</summary>
    public const int Usage = 64;

    /// <summary><c>EX_UNAVAILABLE</c>: the host lacks what the daemon needs: bpffs, libbpf, a free address.</summary>
    public const int Unavailable = 69;

    /// <summary><c>EX_SOFTWARE</c>: the daemon failed; a service manager should start it again.</summary>
    public const int Software = 70;

    /// <summary><c>EX_OSERR</c>: the kernel refused a call that the daemon cannot do without.</summary>
    public const int OsError = 71;

    /// <summary><c>EX_CANTCREAT</c>: a folder or the socket cannot be made.</summary>
    public const int CannotCreate = 73;

    /// <summary><c>EX_IOERR</c>: the store is damaged, newer, or cannot be read.</summary>
    public const int IoError = 74;

    /// <summary><c>EX_TEMPFAIL</c>: another daemon has the pins, the state or the socket.</summary>
    public const int AlreadyRunning = 75;

    /// <summary><c>EX_NOPERM</c>: a capability is missing.</summary>
    public const int NoPermission = 77;

    /// <summary><c>EX_CONFIG</c>: the configuration is wrong, or differs from what is pinned.</summary>
    public const int Config = 78;
}

/// <summary>The exit code of a daemon that runs, once it stops.</summary>
internal sealed class ExitStatus
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int Code { get; set; } = ExitCodes.Ok;
}

/// <summary>The daemon does not start, or a command is not carried out, for a reason that the user can remove.</summary>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="lines">The reasons and what to do, a line each.</param>
internal sealed class StartRefusedException(int exitCode, params IReadOnlyList<string> lines)
    : Exception(string.Join(Environment.NewLine, lines))
{
    /// <summary>The exit code of the process.</summary>
    public int ExitCode { get; } = exitCode;
}
