namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Lets requests that come while the daemon still reconciles wait for it, so that a client which starts along with the
/// daemon needs no retry and none sees half a state. Only health answers at once.
/// </summary>
internal static class ReadyGate
{
    /// <summary>Adds the gate.</summary>
    public static void UseReadyGate(this WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.Use(next => context =>
            readiness.Reconciled.IsCompletedSuccessfully || IsHealth(context.Request.Path) ? next(context) : WaitAsync(next, context));

        async Task WaitAsync(RequestDelegate next, HttpContext context)
        {
            try
            {
                await readiness.Reconciled.WaitAsync(context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                context.Abort();
                return;
            }

            await next(context);
        }
    }

    private static bool IsHealth(PathString path) =>
        path == "/healthz" || path == "/readyz" || path.StartsWithSegments("/grpc.health.v1.Health", StringComparison.Ordinal);
}
