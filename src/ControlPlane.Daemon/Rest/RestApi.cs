using ControlPlane.Daemon.Rest.Errors;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Reading;

namespace ControlPlane.Daemon.Rest;

/// <summary>The REST API: <c>/v1</c>, its OpenAPI document and Swagger UI.</summary>
internal static class RestApi
{
    /// <summary>Adds what the API needs.</summary>
    public static IServiceCollection AddRestApi(this IServiceCollection services)
    {
        services.AddRouting();
        services.AddOpenApiDocument();
        return services;
    }

    /// <summary>Renders the errors of everything that follows in the pipeline as problems.</summary>
    public static void UseProblems(this WebApplication app) => app.UseMiddleware<ProblemMiddleware>();

    /// <summary>Maps its endpoints. Requires routing.</summary>
    public static WebApplication MapRestApi(this WebApplication app)
    {
        app.Use(next => http =>
        {
            PathValues.Restore(http);
            return next(http);
        });

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
        return app;
    }
}
