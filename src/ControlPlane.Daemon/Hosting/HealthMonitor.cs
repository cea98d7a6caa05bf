using ControlPlane.Core.Writing.Loop;
using ControlPlane.Daemon.Observability;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Asks the writer for a turn and the listeners for an answer, again and again, and keeps what it finds in <see cref="Health"/>. The watchdog of
/// systemd is fed only if both came in time: a daemon that hangs is then killed and started again.
/// </summary>
internal sealed class HealthMonitor(
    Health health, Readiness readiness, DevmapWriter writer, OwnRequest request, Watchdog watchdog, PinRestorer pins, TimeProvider time, ILogger<HealthMonitor> logger)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await readiness.Reconciled.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var timer = new PeriodicTimer(watchdog.Period, time);
        while (readiness.IsReconciled && !stoppingToken.IsCancellationRequested)
        {
            var (turned, answered) = (TurnAsync(stoppingToken), AnswerAsync(stoppingToken));
            if (await turned & await answered)
                watchdog.Feed();
            await ((Task)timer.WaitForNextTickAsync(stoppingToken).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TurnAsync(CancellationToken stopping)
    {
        try
        {
            var report = await writer.TurnAsync().WaitAsync(watchdog.Patience, time, stopping);
            Set(Health.Writer, null);
            Set(Health.Store, report.StoreProblem);
            Set(Health.Kernel, report.KernelProblem);
            Set(Health.Pins, Missing(report.MissingPins));
            pins.Report(report.MissingPins);
            return true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
#pragma warning disable CA1031 // The writer's own exception ends the daemon elsewhere.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Set(Health.Writer, e is TimeoutException ? $"The writer took no turn for {watchdog.Patience.TotalSeconds:0.#} s." : "The writer has ended.");
            return false;
        }
    }

    private async Task<bool> AnswerAsync(CancellationToken stopping)
    {
        var problem = await request.AskAsync(watchdog.Patience, stopping);
        if (stopping.IsCancellationRequested)
            return false;
        Set(Health.Listeners, request.FindMissingSocket() ?? problem);
        return problem is null;
    }

    private static string? Missing(IReadOnlyList<string> pins) => pins.Count switch
    {
        0 => null,
        1 => $"The pin {pins[0]} was removed.",
        _ => $"The pins {string.Join(", ", pins.Take(3))}{(pins.Count > 3 ? $" and {pins.Count - 3} more" : "")} were removed.",
    };

    private void Set(string part, string? problem)
    {
        if (!health.Set(part, problem))
            return;
        if (problem is null)
            HostLog.PartWorks(logger, part);
        else
            HostLog.PartFails(logger, part, problem);
    }
}
