using ControlPlane.Daemon.Observability;

namespace ControlPlane.Daemon.Security;

/// <summary>The log messages of access.</summary>
internal static partial class AccessLog
{
    [LoggerMessage(EventIds.CertificateLoaded, LogLevel.Information, "The certificate in {File} has changed; new connections use it")]
    public static partial void CertificateLoaded(ILogger logger, string file);

    [LoggerMessage(EventIds.CertificateNotLoaded, LogLevel.Warning, "The certificate in {File} has changed and cannot be used; the one before stays: {Reason}")]
    public static partial void CertificateNotLoaded(ILogger logger, string file, string reason);
}
