using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Options;
using ControlPlane.Kernel;
using ControlPlane.Kernel.Simulated;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Registers the kernel the daemon works on.</summary>
internal static class KernelPort
{
    /// <summary>Adds the real kernel, or the simulated one.</summary>
    public static IServiceCollection AddKernelPort(this IServiceCollection services, ControlPlaneOptions options, bool simulate) =>
        simulate
            ? services.AddSingleton<IKernel>(_ => new SimulatedKernel(SimulatedHost.WithInterfaces()))
            : services.AddKernel(new KernelOptions { PinRoot = options.PinRoot });
}
