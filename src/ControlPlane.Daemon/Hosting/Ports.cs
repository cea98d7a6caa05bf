using ControlPlane.Daemon.Options;
using ControlPlane.Kernel;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Simulation;
using ControlPlane.Storage;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Registers what stands behind Core's ports.</summary>
internal static class Ports
{
    /// <summary>
    /// Adds the real kernel and the store; or the simulated kernel and a store that, like it, ends with the process.
    /// </summary>
    public static IServiceCollection AddPorts(this IServiceCollection services, ControlPlaneOptions options, bool simulate) =>
        simulate
            ? services.AddSimulatedKernel().AddMemoryStore()
            : services.AddKernel(new KernelOptions { PinRoot = options.PinRoot }).AddSqliteStore(options.StateDirectory);
}
