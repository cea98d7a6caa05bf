using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Security;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Grpc.Reflection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using HealthReflection = Grpc.Health.V1.HealthReflection;

namespace ControlPlane.Daemon.Api.Grpc;

/// <summary>The gRPC API: the services of protos/devmapd/v1, reflection and health.</summary>
internal static class GrpcApi
{
    private static readonly Google.Protobuf.Reflection.ServiceDescriptor[] Contract =
    [
        Devmapd.V1.DevmapService.Descriptor, Devmapd.V1.ProgramService.Descriptor, Devmapd.V1.LeaseService.Descriptor, Devmapd.V1.TokenService.Descriptor,
        Devmapd.V1.ChangeService.Descriptor, Devmapd.V1.StateService.Descriptor, Devmapd.V1.HostService.Descriptor,
    ];

    /// <summary>Adds its services. The host registers the health checks tagged <see cref="ReadinessCheck.Tag"/>.</summary>
    public static IServiceCollection AddGrpcApi(this IServiceCollection services)
    {
        services.AddGrpc();
        services.AddSingleton<DevmapGrpcService>();
        services.AddSingleton<ProgramGrpcService>();
        services.AddSingleton<LeaseGrpcService>();
        services.AddSingleton<TokenGrpcService>();
        services.AddSingleton<ChangeGrpcService>();
        services.AddSingleton<StateGrpcService>();
        services.AddSingleton<HostGrpcService>();
        services.AddSingleton<GrpcMethods>();
        services.AddSingleton<RequestInterceptor>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<GrpcMethods>, GrpcMethodProvider>());
        services.Configure<GrpcServiceOptions<GrpcMethods>>(options =>
        {
            // RequestFrames knows the limit of each operation.
            options.MaxReceiveMessageSize = Operations.All.Max(o => o.MaxMessageBytes);
            options.Interceptors.Add<RequestInterceptor>();
        });
        AddReflection(services);
        AddHealth(services);
        return services;
    }

    /// <summary>Maps its endpoints.</summary>
    public static IEndpointRouteBuilder MapGrpcApi(this IEndpointRouteBuilder endpoints)
    {
        // The last one added stands around the others.
        var calls = endpoints.MapGrpcService<GrpcMethods>();
        calls.Add(RequestLimits.AddDetails);
        calls.Add(RequestFrames.Check);
        endpoints.MapGrpcReflectionService().RequireRole("reflection", Role.Viewer);
        var health = endpoints.MapGrpcHealthChecksService();
        health.Add(RequestLimits.AddDetails);
        health.Add(RequestFrames.Check);
        health.AllowAnonymous();
        return endpoints;
    }

    private static void AddReflection(IServiceCollection services)
    {
        // The library alone finds only services that are mapped by their generated base class.
        Google.Protobuf.Reflection.ServiceDescriptor[] all =
            [.. Contract, HealthReflection.Descriptor.Services[0], ReflectionV1Descriptor];
        services.AddSingleton(new ReflectionV1ServiceImpl(all));
        services.AddSingleton(new ReflectionServiceImpl(all));
        services.AddGrpcReflection();
        services.AddSingleton<ReflectionInterceptor>();
        services.Configure<GrpcServiceOptions<ReflectionV1ServiceImpl>>(options => options.Interceptors.Add<ReflectionInterceptor>());
        services.Configure<GrpcServiceOptions<ReflectionServiceImpl>>(options => options.Interceptors.Add<ReflectionInterceptor>());
    }

    private static Google.Protobuf.Reflection.ServiceDescriptor ReflectionV1Descriptor =>
        global::Grpc.Reflection.V1.ServerReflection.Descriptor;

    private static void AddHealth(IServiceCollection services)
    {
        services.AddGrpcHealthChecks(options =>
        {
            options.Services.Clear();
            options.Services.Map("", check => check.Tags.Contains(ReadinessCheck.Tag));
            foreach (var service in Contract)
                options.Services.Map(service.FullName, check => check.Tags.Contains(ReadinessCheck.Tag));
        });

        // Only Watch depends on these: Check asks the health checks itself at each call.
        services.Configure<HealthCheckPublisherOptions>(options =>
        {
            options.Delay = TimeSpan.Zero;
            options.Period = TimeSpan.FromSeconds(1);
            options.Predicate = check => check.Tags.Contains(ReadinessCheck.Tag);
        });
    }
}
