namespace ControlPlane.Daemon.Grpc;

/// <summary>The gRPC face.</summary>
internal static class GrpcApi
{
    /// <summary>Adds what the face needs.</summary>
    public static IServiceCollection AddGrpcApi(this IServiceCollection services)
    {
        services.AddGrpc();
        return services;
    }

    /// <summary>Maps its services.</summary>
    public static WebApplication MapGrpcApi(this WebApplication app) => app;
}
