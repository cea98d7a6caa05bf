using Microsoft.Extensions.Hosting.Systemd;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Registers how the daemon starts and ends.</summary>
internal static class Lifetime
{
    // What Kestrel gets, after the writer has drained, to send the answers that are under way.
    private static readonly TimeSpan LastAnswers = TimeSpan.FromSeconds(5);

    /// <summary>Adds the writer's life, readiness, health, and the notifications to systemd where that started the daemon.</summary>
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
        builder.Services.AddSingleton<ExitStatus>();
        builder.Services.AddHostedService<WriterLifetime>();
        builder.Services.AddHostedService<AuditLifetime>();
        builder.Services.AddHealthChecks().AddCheck<ReadinessCheck>("reconciled", tags: [ReadinessCheck.Tag]);
        builder.Services.AddRouting();
    }

    /// <summary>
    /// What <c>AddSystemd</c> would do, had it not to look at the parent process first, which a unit with
    /// <c>ProtectProc=invisible</c> cannot see.
    /// </summary>
    private static void AddSystemdNotification(IServiceCollection services)
    {
        services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        services.AddSingleton<IHostLifetime, SystemdLifetime>();
    }
}
