using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The health check behind <c>/readyz</c> and the gRPC health service.</summary>
internal sealed class ReadinessCheck(Readiness readiness) : IHealthCheck
{
    /// <summary>The tag of checks that say whether the daemon serves.</summary>
    public const string Tag = "ready";

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(readiness.IsReady ? HealthCheckResult.Healthy(readiness.Text) : HealthCheckResult.Unhealthy(readiness.Text));
}
