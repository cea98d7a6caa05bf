using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Daemon.Api.OpenApi;
using ControlPlane.Daemon.Api.Rest;
using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Options;
using ControlPlane.FunctionalTests.Scenarios;
using ControlPlane.Simulation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlPlane.FunctionalTests.Rest;

/// <summary>
/// The REST face on a simulated testbed, behind the real server on a loopback port: how paths are decoded and bodies arrive is
/// the server's doing.
/// </summary>
public sealed class RestDaemon : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RestDaemon(WebApplication app, SimulatedTestbed testbed) =>
        (_app, Testbed, Client) = (app, testbed, new HttpClient { BaseAddress = new Uri(app.Urls.First()) });

    public SimulatedTestbed Testbed { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<RestDaemon> StartAsync(
        WriterOptions? options = null, Action<WebApplication>? configure = null, Func<IKernel, IKernel>? wrap = null)
    {
        var testbed = new SimulatedTestbed();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        testbed.AddTo(builder.Services, options);
        if (wrap is not null)
            builder.Services.AddSingleton(_ => wrap(new SimulatedKernel(testbed.Host)));
        builder.Services.AddDevmapMetrics(new MetricsSettings());
        builder.Services.AddRestApi();
        builder.Services.AddOpenApiDocument();
        var app = builder.Build();
        app.UseRequestMetrics();
        app.UseProblems();
        app.MapMetrics();
        app.MapRestApi();
        app.MapOpenApiDocument();
        configure?.Invoke(app);
        await testbed.StartAsync(app.Services);
        await app.StartAsync();
        return new RestDaemon(app, testbed);
    }

    public async ValueTask DisposeAsync()
    {
        await Testbed.StopAsync();
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>A test that asks one daemon of its own.</summary>
public abstract class RestTest : IAsyncLifetime
{
    private protected RestDaemon Daemon { get; private set; } = null!;

    private protected HttpClient Client => Daemon.Client;

    public async Task InitializeAsync() => Daemon = await RestDaemon.StartAsync();

    public Task DisposeAsync() => Daemon.DisposeAsync().AsTask();
}
