using ControlPlane.Daemon.Options;
using ControlPlane.Daemon.Security;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Registers the certificate, and serves TLS with it.</summary>
internal static class CertificateSetup
{
    /// <summary>Adds the certificate, and loads it if an address needs it.</summary>
    /// <exception cref="StartRefusedException">The files cannot be used.</exception>
    public static void AddCertificates(this WebApplicationBuilder builder, ControlPlaneOptions options)
    {
        var certificates = new ServerCertificates(options.Tls, TimeProvider.System);
        builder.Services.AddSingleton(certificates);
        if (!new[] { options.Listen.Rest, options.Listen.Grpc }.Any(a => ListenAddress.TryParse(a, out _) is { IsSecure: true }))
            return;
        try
        {
            certificates.Current();
        }
        catch (Exception e) when (ServerCertificates.IsUnusable(e))
        {
            throw new StartRefusedException(
                ExitCodes.Config, $"The certificate in {options.Tls.Certificate} cannot be used: {e.Message}", "ControlPlane:Tls names its files, in PEM.");
        }
    }

    /// <summary>Serves TLS. Each handshake uses the certificate that the files have then.</summary>
    public static void UseServerCertificates(this Microsoft.AspNetCore.Server.Kestrel.Core.ListenOptions endpoint)
    {
        var services = endpoint.ApplicationServices;
        var (certificates, logger) = (services.GetRequiredService<ServerCertificates>(), services.GetRequiredService<ILogger<ServerCertificates>>());
        endpoint.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(certificates.Current(logger)) });
    }
}
