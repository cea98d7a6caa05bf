using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Api;

/// <summary>The log messages of tables that wait for their confirmation: event ids 1300 to 1399.</summary>
internal static partial class ConfirmationLog
{
    [LoggerMessage(1300, LogLevel.Information, "The table of devmaps/{Devmap:l} of revision {Revision} waits for its confirmation until {Deadline:O}")]
    public static partial void Begun(ILogger logger, string devmap, long revision, DateTimeOffset deadline);

    [LoggerMessage(1301, LogLevel.Warning, "The table of devmaps/{Devmap:l} that waited for its confirmation was {End:l}")]
    public static partial void Ended(ILogger logger, string devmap, string end);

    [LoggerMessage(1302, LogLevel.Warning, "The table of devmaps/{Devmap:l} that waited for its confirmation cannot be ended yet: {Reason}")]
    public static partial void NotEnded(ILogger logger, string devmap, string reason);
}
