using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Health for load balancers, orchestrators and scripts.</summary>
internal static class HealthEndpoints
{
    /// <summary>Maps <c>/healthz</c> (the process answers) and <c>/readyz</c> (200 when it is reconciled and serves, else 503).</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Json(new { status = "alive" })).ExcludeFromDescription();
        app.MapHealthChecks("/readyz", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(ReadinessCheck.Tag),
            ResponseWriter = (context, _) =>
                context.Response.WriteAsJsonAsync(new { status = context.RequestServices.GetRequiredService<Readiness>().Text }),
        });
    }
}
