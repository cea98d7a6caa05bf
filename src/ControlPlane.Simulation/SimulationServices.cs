using ControlPlane.Core.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Simulation;

/// <summary>Registers the simulated kernel.</summary>
public static class SimulationServices
{
    /// <summary>Adds a simulated kernel as <see cref="IKernel"/>, on a host with the interfaces lo and sim0 to sim3.</summary>
    public static IServiceCollection AddSimulatedKernel(this IServiceCollection services) =>
        services.AddSingleton<IKernel>(_ => new SimulatedKernel(SimulatedHost.WithInterfaces()));
}
