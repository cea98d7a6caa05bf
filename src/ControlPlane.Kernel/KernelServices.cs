using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Kernel.Netlink;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Kernel;

/// <summary>Registers the kernel layer.</summary>
public static class KernelServices
{
    /// <summary>Adds the real kernel as <see cref="IKernel"/>, with the interfaces of the daemon's network namespace.</summary>
    public static IServiceCollection AddKernel(this IServiceCollection services, KernelOptions options) => services
        .AddSingleton(options)
        .AddSingleton<IInterfaces>(p => new NetlinkInterfaces(p.GetRequiredService<ILogger<NetlinkInterfaces>>()))
        .AddSingleton<IKernel, LibbpfKernel>();
}
