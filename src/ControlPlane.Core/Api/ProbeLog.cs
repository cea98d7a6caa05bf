using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Api;

/// <summary>The log messages of probes: event ids 1200 to 1299.</summary>
internal static partial class ProbeLog
{
    [LoggerMessage(1200, LogLevel.Information, "{Caller} probed devmaps/{Devmap}/entries/{Key} with {Frames} real frames: {Reason}")]
    public static partial void Probed(ILogger logger, string caller, string devmap, string key, int frames, string reason);
}
