using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Netlink;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Kernel;

/// <summary>Registers the kernel layer.</summary>
public static class KernelServices
{
    /// <summary>
    /// Adds the real kernel as <see cref="IKernel"/> and its <see cref="IInterfaces"/>: those of the network namespace of
    /// the thread that first asks for it.
    /// </summary>
    public static IServiceCollection AddKernel(this IServiceCollection services, KernelOptions options) => services
        .AddSingleton(options)
        .AddSingleton<IInterfaces, NetlinkInterfaces>()
        .AddSingleton<IKernel, LibbpfKernel>();
}
