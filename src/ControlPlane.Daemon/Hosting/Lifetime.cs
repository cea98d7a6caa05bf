using ControlPlane.Core.Auditing;
using Microsoft.Extensions.Hosting.Systemd;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Registers the services that start and end the daemon.</summary>
internal static class Lifetime
{
    // The time that Kestrel has, after the writer has drained, to send the last answers.
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(5);

    /// <summary>Adds writer, audits, readiness and health, and the notifications to systemd if systemd started the daemon.</summary>
    public static void AddLifetime(this WebApplicationBuilder builder, TimeSpan drainTimeout)
    {
        builder.Services.Configure<HostOptions>(o =>
        {
            o.StartupTimeout = Timeout.InfiniteTimeSpan;
            o.ShutdownTimeout = drainTimeout + LastAnswers;
        });
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 })
            AddSystemdNotification(builder.Services);
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddSingleton<LastRequests>();
        builder.Services.AddSingleton<OwnRequest>();
        builder.Services.AddSingleton(services => new Watchdog(services.GetService<ISystemdNotifier>(), Watchdog.ReadTimeout()));
        builder.Services.AddSingleton<ExitStatus>();
        builder.Services.AddHostedService<WriterLifetime>();
        builder.Services.AddSingleton<AuditLifetime>();
        builder.Services.AddHostedService(p => p.GetRequiredService<AuditLifetime>());
        builder.Services.AddHostedService<ConfigurationReload>();
        builder.Services.AddSingleton<PinRestorer>();
        builder.Services.AddHostedService(p => p.GetRequiredService<PinRestorer>());
        builder.Services.AddHostedService<HealthMonitor>();
        builder.Services.AddSingleton<ManagedHeap>();
        builder.Services.AddHostedService<MemoryReturn>();
        builder.Services.AddHealthChecks().AddCheck<ReadinessCheck>("reconciled", tags: [ReadinessCheck.Tag]);
        builder.Services.AddRouting();
    }

    /// <summary>
    /// <c>AddSystemd</c> would do the same, but it first looks at the parent process, which a unit with <c>ProtectProc=invisible</c>
    /// does not see.
    /// </summary>
    private static void AddSystemdNotification(IServiceCollection services)
    {
        services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        services.AddSingleton<IHostLifetime, SystemdLifetime>();
    }
}

/// <summary>Runs the regular audits while the daemon is ready.</summary>
internal sealed class AuditLifetime(AuditService audits, Readiness readiness) : BackgroundService
{
    private CancellationTokenSource _round = new();

    /// <summary>Ends an audit that runs, and begins again with the interval as it is set now.</summary>
    public void Restart() => Interlocked.Exchange(ref _round, new CancellationTokenSource()).Cancel();

    /// <inheritdoc/>
    public override void Dispose()
    {
        _round.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A daemon that never becomes ready ends by itself and has nothing to audit.
        await readiness.Reconciled.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (readiness.IsReconciled && !stoppingToken.IsCancellationRequested)
            await RunRoundAsync(_round.Token, stoppingToken);
    }

    private async Task RunRoundAsync(CancellationToken round, CancellationToken stopping)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(round, stopping);
        try
        {
            await audits.RunAsync(end.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, end.Token);
        }
        catch (OperationCanceledException) when (round.IsCancellationRequested)
        {
            // Restarted.
        }
    }
}
