namespace ControlPlane.Daemon.Hosting;

/// <summary>The exit code that a running daemon will end with.</summary>
internal sealed class ExitStatus
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int Code { get; set; } = ExitCodes.Ok;
}
