using ControlPlane.Daemon.Api.Rest.Errors;
using ControlPlane.Daemon.Api.Rest.Reading;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The REST API: <c>/v1</c> and the pages of the errors.</summary>
internal static class RestApi
{
    /// <summary>Adds what the API needs.</summary>
    public static IServiceCollection AddRestApi(this IServiceCollection services)
    {
        services.AddRouting();
        services.AddHttpContextAccessor();
        services.AddScoped(p => RestRequests.Of(p.GetRequiredService<IHttpContextAccessor>().HttpContext!));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = false);
        return services;
    }

    /// <summary>Renders the errors of everything that follows in the pipeline as problems.</summary>
    public static void UseProblems(this WebApplication app) => app.UseMiddleware<ProblemMiddleware>();

    /// <summary>Maps the endpoints. Requires routing.</summary>
    public static WebApplication MapRestApi(this WebApplication app)
    {
        app.Use(next => http =>
        {
            PathValues.Restore(http);
            return next(http);
        });

        app.MapDevmaps();
        app.MapEntries();
        app.MapAttachments();
        app.MapEvents();
        app.MapPrograms();
        app.MapLeases();
        app.MapTokens();
        app.MapChanges();
        app.MapState();
        app.MapHost();

        app.MapErrorPages();
        return app;
    }
}
