using ControlPlane.Core.Api;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Options;
using ControlPlane.Daemon.Security;
using Microsoft.Extensions.Options;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Starts the writer after the listeners are open and drains it before they close. Health answers during both. systemd receives READY
/// after the reconciliation, because the host sends it after <see cref="StartedAsync"/>.
/// </summary>
internal sealed class WriterLifetime(
    IKernel kernel, DevmapWriter writer, Readiness readiness, LastRequests requests, ExitStatus exit, IOptions<ControlPlaneOptions> options,
    HostClaims claims, LoginLinks links, IOpeningWork opening, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<WriterLifetime> logger) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        HostLog.Starting(logger, HostService.DaemonVersion, Environment.ProcessId);
        if (kernel.Host.Simulated)
            HostLog.Simulated(logger);
        foreach (var condition in kernel.ReadConditions().Where(c => !c.Holds))
            HostLog.HostCondition(logger, condition.Message, condition.Remedy?.Summary);
        LogAddresses();

        var started = clock.GetTimestamp();
        var reconciled = writer.StartAsync([.. options.Value.Devmaps.Select(d => d.ToDefinition())], cancellationToken);
        await await Task.WhenAny(writer.Opened, reconciled);
        await opening.RunAsync(cancellationToken);
        readiness.MarkOpen();
        await reconciled;
        _ = WatchAsync();
        readiness.MarkReady();
        HostLog.Ready(logger, options.Value.Devmaps.Count, clock.GetElapsedTime(started).TotalMilliseconds);
        if (claims.Listeners.FirstOrDefault(l => l.Purpose == ListenerPurpose.Rest) is { } rest)
            links.Announce(rest.Address);
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        readiness.MarkStopping();
        HostLog.Stopping(logger, writer.QueueLength);
        if (!writer.Completion.IsFaulted)
            await writer.StopAsync(options.Value.Writer.DrainTimeout).WaitAsync(cancellationToken);
        await requests.AnswerAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (kernel.Host.Simulated)
            HostLog.SimulationStopped(logger);
        else if (kernel.ReadConditions().FirstOrDefault(c => !c.Holds) is { } condition)
            HostLog.StoppedWithoutPins(logger, condition.Message);
        else
            HostLog.Stopped(logger);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void LogAddresses()
    {
        foreach (var listener in claims.Listeners)
        {
            HostLog.Listening(logger, listener.Name, listener.Address);
            if (listener.Purpose == ListenerPurpose.Rest)
                HostLog.Listening(logger, "Swagger UI", $"{listener.Address}/swagger");
        }
    }

    /// <summary>Stops the daemon if its writer died, which the log says: it could take no write, and the service manager starts it again.</summary>
    private async Task WatchAsync()
    {
        await writer.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!writer.Completion.IsFaulted)
            return;
        readiness.MarkStopping();
        exit.Code = writer.Completion.Exception?.InnerException is StoreOutcomeException ? ExitCodes.IoError : ExitCodes.Software;
        lifetime.StopApplication();
    }
}
