using ControlPlane.Daemon.Options;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Registers <see cref="HostClaims"/>.</summary>
internal static class HostClaimsSetup
{
    /// <summary>Checks that the host is fit for the daemon and takes what it needs of it.</summary>
    /// <exception cref="StartRefusedException">It is not, or another daemon has it.</exception>
    public static void AddClaims(this WebApplicationBuilder builder, ControlPlaneOptions options, bool simulate)
    {
        var claims = HostClaims.Take(options, simulate);
        // By a factory: the container disposes only of what it has made.
        builder.Services.AddHostedService(_ => claims);
    }
}
