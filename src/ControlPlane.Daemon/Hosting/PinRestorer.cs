using System.Threading.Channels;
using ControlPlane.Core.Auditing;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Daemon.Observability;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Puts pins back that somebody removed, by audits. It works beside <see cref="HealthMonitor"/>, which reports them: an audit of a large devmap can
/// take longer than the watchdog of systemd waits.
/// </summary>
internal sealed class PinRestorer(AuditService audits, AuditOptions auditing, ControlPlaneState state, ILogger<PinRestorer> logger) : BackgroundService
{
    // Only the last report counts.
    private readonly Channel<IReadOnlyList<string>> _reports =
        Channel.CreateBounded<IReadOnlyList<string>>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>Reports the pins that are missing now; does not wait.</summary>
    public void Report(IReadOnlyList<string> missing) => _reports.Writer.TryWrite(missing);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var tried = "";
        try
        {
            await foreach (var missing in _reports.Reader.ReadAllAsync(stoppingToken))
            {
                // It is tried once for the same pins; the regular audits try again.
                var names = string.Join('\n', missing);
                if (missing.Count > 0 && auditing.Repair && names != tried)
                    await RestoreAsync(stoppingToken);
                tried = names;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The daemon stops.
        }
    }

    private async Task RestoreAsync(CancellationToken stopping)
    {
        foreach (var devmap in state.Current.Devmaps.Values.Select(d => d.Id.Name))
        {
            try
            {
                await audits.AuditAsync(devmap, null, RequestContext.OfDaemon(stopping));
            }
            catch (Exception e) when (e is ControlPlaneException or KernelException)
            {
                HostLog.PinsNotRestored(logger, e);
            }
        }
    }
}
