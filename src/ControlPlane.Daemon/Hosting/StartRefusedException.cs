namespace ControlPlane.Daemon.Hosting;

/// <summary>The daemon will not start, for a reason that its user can mend.</summary>
/// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
/// <param name="lines">What is wrong and what to do; each a line of its own.</param>
internal sealed class StartRefusedException(int exitCode, params IReadOnlyList<string> lines)
    : Exception(string.Join(Environment.NewLine, lines))
{
    /// <summary>The exit code of the process.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>What is wrong and what to do, line by line.</summary>
    public IReadOnlyList<string> Lines { get; } = lines;
}
