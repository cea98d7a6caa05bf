using ControlPlane.Core.Auditing;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Runs the regular audits from when the daemon is ready until it stops.</summary>
internal sealed class AuditLifetime(AuditService audits, Readiness readiness) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A daemon that never becomes ready ends by itself; there is nothing to audit then.
        await readiness.Reconciled.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (readiness.IsReady)
            await audits.RunAsync(stoppingToken);
    }
}
