using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Rest.Errors;
using ControlPlane.Daemon.Rest.OpenApi;

namespace ControlPlane.Daemon.Rest;

/// <summary>The REST face: <c>/v1</c>, its OpenAPI document, Swagger UI and <c>/metrics</c>.</summary>
internal static class RestApi
{
    /// <summary>Adds what the face needs.</summary>
    public static IServiceCollection AddRestApi(this IServiceCollection services)
    {
        services.AddRouting();
        services.AddDevmapMetrics();
        services.AddOpenApiDocument();
        return services;
    }

    /// <summary>Maps its endpoints, behind the middleware that counts requests and renders failures.</summary>
    public static WebApplication MapRestApi(this WebApplication app)
    {
        app.UseRequestMetrics();
        app.UseMiddleware<ProblemMiddleware>();

        var v1 = app.MapGroup("/v1");
        v1.MapDevmaps();
        v1.MapEntries();
        v1.MapExplain();
        v1.MapAttachments();
        v1.MapEvents();
        v1.MapPrograms();
        v1.MapInterfaces();
        v1.MapHost();

        app.MapOpenApiDocument();
        app.MapMetrics();
        return app;
    }
}
