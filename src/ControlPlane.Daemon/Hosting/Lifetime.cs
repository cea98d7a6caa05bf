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
        builder.Services.AddSystemd();
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddSingleton<ExitStatus>();
        builder.Services.AddHostedService<WriterLifetime>();
        builder.Services.AddHealthChecks().AddCheck<ReadinessCheck>("reconciled", tags: [ReadinessCheck.Tag]);
        builder.Services.AddRouting();
    }
}
