namespace ControlPlane.Cli.Running;

/// <summary>The exit codes of devmapctl.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>The daemon refused, or did not answer; or something is not as it must be.</summary>
    public const int Failed = 1;

    /// <summary>The arguments, a file or a value are not valid.</summary>
    public const int Usage = 2;

    /// <summary>There are differences: <c>diff</c>, and <c>audit --no-repair</c>.</summary>
    public const int Differences = 3;

    /// <summary>The time was over before what was waited for.</summary>
    public const int TimedOut = 4;

    /// <summary>Somebody else has changed or owns the resource.</summary>
    public const int Conflict = 5;
}

/// <summary>The command ends with a sentence and an exit code.</summary>
internal sealed class CommandFailedException(int exitCode, string message) : Exception(message)
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>Returns the failure for arguments that are not valid.</summary>
    public static CommandFailedException Usage(string message) => new(ExitCodes.Usage, message);
}
