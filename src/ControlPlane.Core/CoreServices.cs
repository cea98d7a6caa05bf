using ControlPlane.Core.Writing;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Core;

/// <summary>Registers the core.</summary>
public static class CoreServices
{
    /// <summary>Adds writer and services. An <see cref="Ports.IKernel"/> and a <see cref="TimeProvider"/> must be registered too.</summary>
    public static IServiceCollection AddDevmapCore(this IServiceCollection services, WriterOptions options) => throw new NotImplementedException();
}
