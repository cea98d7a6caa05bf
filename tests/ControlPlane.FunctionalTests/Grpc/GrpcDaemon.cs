using System.Net;
using ControlPlane.Core;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing;
using ControlPlane.Daemon.Grpc;
using ControlPlane.FunctionalTests.Scenarios;
using ControlPlane.Kernel.Simulated;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The gRPC face on Core and a simulated kernel, on a port of the loopback interface: HTTP/2 as clients speak it.</summary>
internal sealed class GrpcDaemon : IAsyncDisposable
{
    private static readonly TimeSpan _drainTimeout = TimeSpan.FromSeconds(10);
    private readonly WebApplication _app;
    private readonly CallsUnderWay _calls;

    private GrpcDaemon(WebApplication app, SimulatedHost host, CallsUnderWay calls)
    {
        (_app, Host, _calls) = (app, host, calls);
        Address = new Uri(app.Urls.Single());
        Channel = GrpcChannel.ForAddress(Address);
    }

    public SimulatedHost Host { get; }

    public Uri Address { get; }

    public GrpcChannel Channel { get; }

    public DevmapWriter Writer => _app.Services.GetRequiredService<DevmapWriter>();

    /// <summary>What the host's readiness says.</summary>
    public HealthCheckResult Readiness { get; set; } = HealthCheckResult.Healthy();

    public static async Task<GrpcDaemon> StartAsync(WriterOptions? writer = null, Func<IKernel, IKernel>? kernel = null)
    {
        var host = SimulatedWorld.Create();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2));
        GrpcDaemon? daemon = null;
        builder.Services.AddSingleton((kernel ?? (k => k))(new SimulatedKernel(host)));
        builder.Services.AddDevmapCore(writer ?? new WriterOptions());
        builder.Services.AddGrpcApi();
        builder.Services.AddHealthChecks()
            .AddCheck("readiness", () => daemon!.Readiness, [GrpcApi.ReadyTag])
            .AddCheck("not about readiness", () => HealthCheckResult.Unhealthy());
        var app = builder.Build();
        var calls = new CallsUnderWay();
        app.Use(calls.CountAsync);
        app.MapGrpcApi();
        await app.Services.GetRequiredService<DevmapWriter>().StartAsync(World.Devmaps, CancellationToken.None);
        await app.StartAsync();
        daemon = new GrpcDaemon(app, host, calls);
        return daemon;
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _app.StopAsync();
        await Writer.StopAsync(_drainTimeout);
        await _app.DisposeAsync();
    }

    /// <summary>Ends when one call is under way at most: the server has noticed that all others are over.</summary>
    public async Task UntilIdleAsync()
    {
        using var deadline = new CancellationTokenSource(_drainTimeout);
        while (_calls.Now > 1)
            await Task.Delay(1, deadline.Token);
    }

    private sealed class CallsUnderWay
    {
        private int _now;

        public int Now => Volatile.Read(ref _now);

        public async Task CountAsync(HttpContext context, RequestDelegate next)
        {
            Interlocked.Increment(ref _now);
            try
            {
                await next(context);
            }
            finally
            {
                Interlocked.Decrement(ref _now);
            }
        }
    }
}
