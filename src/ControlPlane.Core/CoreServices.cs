using ControlPlane.Core.Api;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Watching;
using ControlPlane.Core.Writing.Loop;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ControlPlane.Core;

/// <summary>Registers the core.</summary>
public static class CoreServices
{
    /// <summary>Adds writer and services. An <see cref="IKernel"/> and an <see cref="IStore"/> must be registered too.</summary>
    public static IServiceCollection AddDevmapCore(this IServiceCollection services, WriterOptions options, WatchOptions? watching = null, AuditOptions? auditing = null, ProbeOptions? probing = null, CapacityOptions? capacity = null, DevmapLimits? limits = null)
    {
        watching ??= new WatchOptions();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(watching);
        services.AddSingleton(auditing ?? new AuditOptions());
        services.AddSingleton(probing ?? new ProbeOptions());
        services.AddSingleton(capacity ?? new CapacityOptions());
        services.AddSingleton(limits ?? new DevmapLimits());
        services.AddSingleton<FactTimes>();
        services.AddSingleton<ControlPlaneState>();
        services.AddSingleton(_ => new ChangeLog(watching.LogCapacity));
        services.AddSingleton<ChangeHistory>();
        services.AddSingleton<DevmapWriter>();
        services.AddSingleton<DropReader>();
        services.AddSingleton<DevmapViews>();
        services.AddSingleton<StatusEvaluators>();
        services.AddSingleton<StateCounter>();
        services.AddSingleton<ExplainService>();
        services.AddSingleton<AuditService>();
        services.AddSingleton<PageGate>();
        services.AddSingleton<WatchService>();
        services.TryAddSingleton<IWaitPlaces, UnlimitedPlaces>();
        services.AddSingleton<EntryWaits>();
        services.AddSingleton<WaitService>();
        services.AddSingleton<EntryService>();
        services.AddSingleton<BatchGate>();
        services.AddSingleton<CallLine>();
        services.AddSingleton<BatchService>();
        services.AddSingleton<LargeRequestGate>();
        services.AddSingleton<TableService>();
        services.AddSingleton<RehearsalRunner>();
        services.AddSingleton<ConfirmationService>();
        services.AddSingleton<ProbeService>();
        services.AddSingleton<DevmapService>();
        services.AddSingleton<AttachmentService>();
        services.AddSingleton<ProgramService>();
        services.AddSingleton<InterfaceService>();
        services.AddSingleton<HostService>();
        services.AddSingleton<TokenService>();
        services.AddSingleton<ChangeService>();
        services.AddSingleton<RevertService>();
        services.AddSingleton<LeaseService>();
        services.AddSingleton<StateService>();
        return services;
    }
}
