using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Security;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The state of the daemon: starting, ready, unavailable or stopping.</summary>
internal sealed class Readiness(Health health)
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reconciled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    /// <summary>Ends when the desired state is known and requests are served; cancelled if the daemon stops before.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Ends when the kernel has been reconciled; cancelled if the daemon stops before.</summary>
    public Task Reconciled => _reconciled.Task;

    /// <summary>Whether the daemon stops.</summary>
    public bool IsStopping => _stopping;

    /// <summary>Whether the kernel has been reconciled and the daemon does not stop.</summary>
    public bool IsReconciled => !_stopping && Reconciled.IsCompletedSuccessfully;

    /// <summary>Whether the daemon serves requests and takes writes.</summary>
    public bool IsReady => IsReconciled && health.Serves;

    /// <summary><c>starting</c>, <c>ready</c>, <c>unavailable</c> (a part has a problem) or <c>stopping</c>.</summary>
    public string Text => _stopping ? "stopping" : IsReady ? "ready" : IsReconciled ? "unavailable" : "starting";

    /// <summary>Marks the desired state as known.</summary>
    public void MarkOpen() => _opened.TrySetResult();

    /// <summary>Marks the kernel as reconciled.</summary>
    public void MarkReady() => _reconciled.TrySetResult();

    /// <summary>Marks the daemon as stopping.</summary>
    public void MarkStopping()
    {
        _stopping = true;
        _opened.TrySetCanceled();
        _reconciled.TrySetCanceled();
    }
}

/// <summary>The health check of <c>/readyz</c> and of the gRPC health service.</summary>
internal sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
{
    /// <summary>The tag of checks that say whether the daemon serves.</summary>
    public const string Tag = "ready";

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(readiness.IsReady ? HealthCheckResult.Healthy(readiness.Text) : HealthCheckResult.Unhealthy(readiness.Text));
}

/// <summary>Health endpoints for load balancers, orchestrators and scripts.</summary>
internal static class HealthEndpoints
{
    /// <summary>Maps <c>/healthz</c> (the process answers) and <c>/readyz</c> (200 if the daemon is ready, else 503).</summary>
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz", (HttpContext http) => http.Caller().Role is null ? Results.Text("alive\n") : Results.Json(new { status = "alive" }))
            .ExcludeFromDescription().AllowAnonymous();
        app.MapHealthChecks("/readyz", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(ReadinessCheck.Tag),
            ResponseWriter = (context, _) => WriteAsync(context, context.RequestServices.GetRequiredService<Readiness>().Text),
        }).AllowAnonymous();
    }

    /// <summary>Returns whether a path is one of health, by REST or gRPC.</summary>
    public static bool IsHealth(PathString path) =>
        path == "/healthz" || path == "/readyz" || path.StartsWithSegments("/grpc.health.v1.Health", StringComparison.Ordinal);

    /// <summary>Writes one word; for a caller with a role also the warnings.</summary>
    private static Task WriteAsync(HttpContext http, string status)
    {
        if (http.Caller().Role is not null)
            return WriteAllAsync(http, status);
        http.Response.ContentType = "text/plain";
        return http.Response.WriteAsync(status + "\n");
    }

    private static Task WriteAllAsync(HttpContext http, string status) => http.Response.WriteAsJsonAsync(new
    {
        status,
        warnings = Warnings(http.RequestServices),
        parts = http.RequestServices.GetRequiredService<Health>().Read().ToDictionary(part => part.Name, part => part.Problem ?? "ok"),
    });

    /// <summary>The conditions of the host that do not hold or cannot be seen. They do not keep the daemon from serving.</summary>
    private static string[] Warnings(IServiceProvider services) =>
    [
        .. services.GetRequiredService<IKernel>().ReadConditions().Concat(services.GetServices<IHostConditions>().SelectMany(c => c.Read()))
            .Where(c => !c.Holds).Select(c => c.Message),
    ];
}

/// <summary>
/// Holds requests back until the desired state is known. A client that starts along with the daemon needs no retry, and no client sees a
/// half-built state. Entries that the kernel does not have yet say so. Health answers at once.
/// </summary>
internal static class ReadyGate
{
    /// <summary>Adds the gate.</summary>
    public static void UseReadyGate(this WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.Use(next => context =>
            readiness.Opened.IsCompletedSuccessfully || HealthEndpoints.IsHealth(context.Request.Path) ? next(context) : WaitAsync(next, context));

        async Task WaitAsync(RequestDelegate next, HttpContext context)
        {
            try
            {
                await readiness.Opened.WaitAsync(context.RequestAborted);
            }
            catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
            {
                throw new ControlPlaneException(RequestErrors.ShuttingDown());
            }

            await next(context);
        }
    }
}
