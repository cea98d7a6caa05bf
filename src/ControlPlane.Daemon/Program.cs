using ControlPlane.Core;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Grpc;
using ControlPlane.Daemon.Api.OpenApi;
using ControlPlane.Daemon.Api.Rest;
using ControlPlane.Daemon.Cli;
using ControlPlane.Daemon.Files;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Security;

namespace ControlPlane.Daemon;

internal static class Program
{
    public static Task<int> Main(string[] args) => CommandLine.RunAsync(args, arguments => Build(arguments));

    /// <summary>Builds the daemon. It refuses here whatever it must not start for, before the kernel and the store are touched.</summary>
    /// <param name="arguments">The configuration of the command line.</param>
    /// <param name="replace">Replaces services that were registered before; for tests.</param>
    /// <exception cref="StartRefusedException">The configuration or the host does not allow a start.</exception>
    internal static WebApplication Build(Arguments arguments, Action<IServiceCollection>? replace = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = "devmapd", ContentRootPath = AppContext.BaseDirectory });
        var options = builder.AddConfiguration(arguments);
        builder.AddLog();
        builder.AddCertificates(options);
        builder.AddListeners(builder.AddClaims(options, arguments.Simulate));
        builder.Services.AddAdmission(options.Limits);
        builder.AddLifetime(options.Writer.DrainTimeout);
        builder.Services.AddDevmapCore(options.Writer.ToWriterOptions(), options.Watch.ToWatchOptions(), options.Audit.ToAuditOptions(), options.Probe.ToProbeOptions(),
            options.Capacity.ToCapacityOptions(), new DevmapLimits((uint)options.Limits.MaxEntriesPerDevmap));
        builder.Services.AddBackends(options, arguments.Simulate);
        builder.Services.AddTableFiles();
        builder.Services.AddDevmapMetrics(options.Metrics);
        builder.Services.AddAccess();
        builder.Services.AddAnswerForm();
        builder.Services.AddRestApi();
        builder.Services.AddOpenApiDocument();
        builder.Services.AddGrpcApi();
        replace?.Invoke(builder.Services);

        var app = builder.Build();
        app.OpenStore();
        app.UseLastRequests();
        app.UseRequestLog();
        app.UseRequestMetrics();
        app.UseAnswerForm();
        app.UseProblems();
        app.UseCallErrors();
        app.UseConnectionAdmission();
        app.UseLocalOnly();
        app.UseReadyGate();
        app.UseRouting();
        app.UseAccess();
        app.UseStreamAdmission();
        app.UseWriteAdmission();
        app.MapHealth();
        app.MapMetrics().RequireRole("metrics", options.Metrics.Open ? null : Role.Viewer);
        LoginLinks.Map(app);
        app.MapRestApi();
        app.MapOpenApiDocument();
        app.MapGrpcApi();
        return app;
    }
}
