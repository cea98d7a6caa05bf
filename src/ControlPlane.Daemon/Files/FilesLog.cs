using ControlPlane.Daemon.Observability;

namespace ControlPlane.Daemon.Files;

/// <summary>The log messages of table files.</summary>
internal static partial class FilesLog
{
    [LoggerMessage(EventIds.FilePlanned, LogLevel.Information, "{File}: {Plan}")]
    public static partial void Planned(ILogger logger, string file, string plan);

    [LoggerMessage(EventIds.FileNotApplied, LogLevel.Error, "Nothing of the file is applied: {Error}")]
    public static partial void NotApplied(ILogger logger, string error);
}
