using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ControlPlane.Client;

/// <summary>Registers the client with a container.</summary>
public static class DevmapdClientServices
{
    /// <summary>Adds <see cref="IDevmapClient"/>: one connection, which lives as long as the container.</summary>
    /// <param name="services">The services.</param>
    /// <param name="address">The address, as for <see cref="DevmapdClient.Connect"/>.</param>
    /// <param name="options">Returns the options; null for the defaults. Called once, at the first use.</param>
    public static IServiceCollection AddDevmapClient(
        this IServiceCollection services, string address = DevmapdClient.DefaultAddress, Func<IServiceProvider, DevmapdClientOptions>? options = null)
    {
        services.TryAddSingleton(provider => DevmapdClient.Connect(address, options?.Invoke(provider)));
        services.TryAddSingleton<IDevmapClient>(provider => provider.GetRequiredService<DevmapdClient>());
        return services;
    }
}
