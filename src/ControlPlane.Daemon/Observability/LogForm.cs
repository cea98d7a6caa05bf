namespace ControlPlane.Daemon.Observability;

/// <summary>Who reads the log.</summary>
internal enum LogForm
{
    /// <summary>A person at a terminal.</summary>
    Terminal,

    /// <summary>The systemd journal: lines with a priority in front (<c>sd-daemon(3)</c>).</summary>
    Journal,

    /// <summary>A program: compact JSON, an event a line.</summary>
    Json,
}
