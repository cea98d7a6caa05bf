using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing.Loop;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace ControlPlane.Core;

/// <summary>Registers the core.</summary>
public static class CoreServices
{
    /// <summary>Adds writer and services. An <see cref="IKernel"/> and an <see cref="IStore"/> must be registered too.</summary>
    public static IServiceCollection AddDevmapCore(this IServiceCollection services, WriterOptions options, WatchOptions? watching = null, AuditOptions? auditing = null)
    {
        watching ??= new WatchOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(p => new FactTimes(p.GetRequiredService<IKernel>().Interfaces, p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ControlPlaneState>();
        services.AddSingleton(_ => new ChangeLog(watching.LogCapacity));
        services.AddSingleton(p => new DevmapWriter(
            options,
            p.GetRequiredService<IKernel>(),
            p.GetRequiredService<IStore>(),
            p.GetRequiredService<ControlPlaneState>(),
            p.GetRequiredService<ChangeLog>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<DevmapWriter>>()));
        services.AddSingleton(p => new DropReader(p.GetRequiredService<IKernel>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new EntryService(
            p.GetRequiredService<ControlPlaneState>(), p.GetRequiredService<DevmapWriter>(), p.GetRequiredService<IKernel>(), p.GetRequiredService<DropReader>()));
        services.AddSingleton(p => new DevmapService(
            p.GetRequiredService<ControlPlaneState>(), p.GetRequiredService<IKernel>().Interfaces, p.GetRequiredService<DropReader>()));
        services.AddSingleton(p => new ExplainService(
            p.GetRequiredService<ControlPlaneState>(), p.GetRequiredService<IKernel>(), p.GetRequiredService<DropReader>()));
        services.AddSingleton(p => new AttachmentService(p.GetRequiredService<ControlPlaneState>(), p.GetRequiredService<DevmapWriter>()));
        services.AddSingleton(p => new ProgramService(
            p.GetRequiredService<ControlPlaneState>(), p.GetRequiredService<DevmapWriter>(), p.GetRequiredService<IKernel>()));
        services.AddSingleton(p => new WatchService(
            watching,
            p.GetRequiredService<ControlPlaneState>(),
            p.GetRequiredService<ChangeLog>(),
            p.GetRequiredService<IKernel>(),
            p.GetRequiredService<DropReader>(),
            p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new AuditService(
            auditing ?? new AuditOptions(),
            p.GetRequiredService<ControlPlaneState>(),
            p.GetRequiredService<DevmapWriter>(),
            p.GetRequiredService<IKernel>(),
            p.GetRequiredService<TimeProvider>(),
            p.GetRequiredService<ILogger<AuditService>>()));
        services.AddSingleton(p => new InterfaceService(p.GetRequiredService<ControlPlaneState>(), p.GetRequiredService<IKernel>()));
        services.AddSingleton(p => new HostService(
            p.GetRequiredService<IKernel>(), p.GetRequiredService<ControlPlaneState>(), p.GetRequiredService<TimeProvider>()));
        return services;
    }
}
