using System.Net;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Daemon.Api.Grpc;
using ControlPlane.Daemon.Hosting;
using ControlPlane.FunctionalTests.Scenarios;
using ControlPlane.Simulation;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The gRPC face on a simulated testbed, on a port of the loopback interface: HTTP/2 as clients speak it.</summary>
internal sealed class GrpcDaemon : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _calls;

    private GrpcDaemon(WebApplication app, SimulatedTestbed testbed, string socket) => (_app, Testbed, Socket) = (app, testbed, socket);

    public SimulatedTestbed Testbed { get; }

    /// <summary>The path of the unix socket; Kestrel removes it when it stops.</summary>
    public string Socket { get; }

    public Uri Address { get; private set; } = null!;

    public GrpcChannel Channel { get; private set; } = null!;

    public DevmapWriter Writer => _app.Services.GetRequiredService<DevmapWriter>();

    /// <summary>The readiness of the host.</summary>
    public HealthCheckResult Readiness { get; set; } = HealthCheckResult.Healthy();

    /// <summary>Starts it, with what the testbed's kernel is wrapped in.</summary>
    public static async Task<GrpcDaemon> StartAsync(WriterOptions? writer = null, Func<IKernel, IKernel>? wrap = null)
    {
        var testbed = new SimulatedTestbed();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var socket = Path.Combine(Path.GetTempPath(), $"grpc-{Guid.NewGuid():N}.sock");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, endpoint => endpoint.Protocols = HttpProtocols.Http2);
            kestrel.ListenUnixSocket(socket, endpoint => endpoint.Protocols = HttpProtocols.Http2);
        });
        GrpcDaemon? daemon = null;
        testbed.AddTo(builder.Services, writer);
        if (wrap is not null)
            builder.Services.AddSingleton(_ => wrap(new SimulatedKernel(testbed.Host)));
        builder.Services.AddGrpcApi();
        builder.Services.AddHealthChecks()
            .AddCheck("readiness", () => daemon!.Readiness, [ReadinessCheck.Tag])
            .AddCheck("not about readiness", () => HealthCheckResult.Unhealthy());
        var app = builder.Build();
        daemon = new GrpcDaemon(app, testbed, socket);
        app.Use(daemon.CountAsync);
        app.MapGrpcApi();
        await testbed.StartAsync(app.Services);
        await app.StartAsync();
        daemon.Address = new Uri(app.Urls.First());
        daemon.Channel = GrpcChannel.ForAddress(daemon.Address);
        return daemon;
    }

    /// <summary>Ends when at most this many calls are under way: the server has noticed that the others are over.</summary>
    public async Task UntilCallsAsync(int calls)
    {
        var deadline = TestContext.Deadline();
        while (Volatile.Read(ref _calls) > calls)
            await Task.Delay(1, deadline);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _app.StopAsync();
        await Testbed.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task CountAsync(HttpContext context, RequestDelegate next)
    {
        Interlocked.Increment(ref _calls);
        try
        {
            await next(context);
        }
        finally
        {
            Interlocked.Decrement(ref _calls);
        }
    }
}
