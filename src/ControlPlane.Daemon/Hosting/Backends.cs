using ControlPlane.Daemon.Options;
using ControlPlane.Kernel;
using ControlPlane.Kernel.Hosting;
using ControlPlane.Simulation;
using ControlPlane.Storage;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Registers the implementations of Core's ports.</summary>
internal static class Backends
{
    /// <summary>Adds the kernel and the store. In a simulation both end with the process.</summary>
    public static IServiceCollection AddBackends(this IServiceCollection services, ControlPlaneOptions options, bool simulate) =>
        simulate
            ? services.AddSimulatedKernel().AddMemoryStore(options.History.ToHistoryOptions())
            : services.AddKernel(new KernelOptions { PinRoot = options.PinRoot }).AddSqliteStore(options.StateDirectory, options.History.ToHistoryOptions());
}
