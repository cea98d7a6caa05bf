using ControlPlane.Core.Model;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core.Auditing;

/// <summary>The audits' log messages: event ids 1100 to 1199.</summary>
internal static partial class AuditLog
{
    [LoggerMessage(1100, LogLevel.Warning, "Devmap {Devmap}: {Found} differences between the kernel and the desired state, made by others; {Repaired} repaired")]
    public static partial void Drifted(ILogger logger, string devmap, int found, int repaired);

    [LoggerMessage(1101, LogLevel.Warning, "Devmap {Devmap}: {Drift}")]
    public static partial void Drift(ILogger logger, string devmap, Drift drift);

    [LoggerMessage(1102, LogLevel.Error, "Devmap {Devmap} could not be audited")]
    public static partial void Failed(ILogger logger, string devmap, Exception exception);

    [LoggerMessage(1103, LogLevel.Information, "audit devmaps/{Devmap:l}, repair {Repair}, by {Caller:l}, from {From:l}")]
    public static partial void Asked(ILogger logger, string devmap, bool repair, string caller, string from);
}
