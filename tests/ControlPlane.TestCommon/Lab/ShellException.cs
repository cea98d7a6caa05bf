namespace ControlPlane.TestCommon.Lab;

/// <summary>A command failed.</summary>
public sealed class ShellException(string command, int exitCode, string error)
    : Exception($"`{command}` ended with {exitCode}: {error.Trim()}")
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Its standard error.</summary>
    public string StandardError { get; } = error;
}
