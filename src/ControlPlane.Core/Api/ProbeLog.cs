using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Api;

/// <summary>The log messages of probes: event ids 1200 to 1299.</summary>
internal static partial class ProbeLog
{
    [LoggerMessage(1200, LogLevel.Information, "probe devmaps/{Devmap:l}/entries/{Key:l} with {Frames} real frames: {Reason:l}, by {Caller:l}, from {From:l}")]
    public static partial void Probed(ILogger logger, string devmap, string key, int frames, string reason, string caller, string from);
}
