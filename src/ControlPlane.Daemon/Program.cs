using ControlPlane.Core;
using ControlPlane.Daemon.Api.Grpc;
using ControlPlane.Daemon.Cli;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Rest;

namespace ControlPlane.Daemon;

internal static class Program
{
    public static Task<int> Main(string[] args) => CommandLine.RunAsync(args, arguments => Build(arguments));

    /// <summary>The daemon, ready to run. Whatever it must refuse to start for, it refuses here, before anything is touched.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="replace">Takes the place of services that were registered before; for tests.</param>
    /// <exception cref="StartRefusedException">The configuration or the host is not fit for it.</exception>
    internal static WebApplication Build(Arguments arguments, Action<IServiceCollection>? replace = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = "devmapd", ContentRootPath = AppContext.BaseDirectory });
        var options = builder.AddConfiguration(arguments);
        builder.AddLog();
        builder.AddClaims(options, arguments.Simulate);
        builder.AddListeners(options.Listen);
        builder.AddLifetime(options.Writer.DrainTimeout);
        builder.Services.AddDevmapCore(options.Writer.ToWriterOptions(), options.Watch.ToWatchOptions(), options.Audit.ToAuditOptions());
        builder.Services.AddPorts(options, arguments.Simulate);
        builder.Services.AddRestApi();
        builder.Services.AddGrpcApi();
        replace?.Invoke(builder.Services);

        var app = builder.Build();
        app.UseRequestLog();
        app.UseLocalOnly();
        app.UseReadyGate();
        app.UseRouting();
        app.MapHealth();
        app.MapRestApi();
        app.MapGrpcApi();
        return app;
    }
}
