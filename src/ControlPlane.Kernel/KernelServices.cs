using ControlPlane.Core.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Kernel;

/// <summary>Registers the kernel layer.</summary>
public static class KernelServices
{
    /// <summary>Adds the real kernel as <see cref="IKernel"/>. An <see cref="IInterfaces"/> must be registered too.</summary>
    public static IServiceCollection AddKernel(this IServiceCollection services, KernelOptions options) => services
        .AddSingleton(options)
        .AddSingleton<IKernel, LibbpfKernel>();
}
