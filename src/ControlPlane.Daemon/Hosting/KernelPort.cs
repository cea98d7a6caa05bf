using ControlPlane.Daemon.Options;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Registers the kernel the daemon works on.</summary>
internal static class KernelPort
{
    /// <summary>Adds the real kernel, or the simulated one.</summary>
    public static IServiceCollection AddKernelPort(this IServiceCollection services, ControlPlaneOptions options, bool simulate) =>
        services;
}
