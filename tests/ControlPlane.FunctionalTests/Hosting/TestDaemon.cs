using ControlPlane.Core.Ports;
using ControlPlane.Daemon;
using ControlPlane.Daemon.Cli;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Simulation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>
/// The whole daemon within the test's process, on a simulated host that the test can change, with folders and ports of its own.
/// </summary>
internal sealed class TestDaemon : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-test-").FullName;

    private TestDaemon(Func<IKernel, IKernel>? wrap, bool identity, string[] arguments, Action<IServiceCollection>? replace = null)
    {
        UnixSocket = Path.Combine(_folder, "devmapd.sock");
        App = Program.Build(
            CommandLine.Parse([
                "--simulate", $"--ControlPlane:StateDirectory={Path.Combine(_folder, "state")}", $"--ControlPlane:Listen:UnixSocket={UnixSocket}",
                "--ControlPlane:Listen:Rest=http://127.0.0.1:0", "--ControlPlane:Listen:Grpc=http://127.0.0.1:0",
                "--Serilog:MinimumLevel:Default=Fatal", .. arguments,
            ]).Arguments,
            services =>
            {
                if (identity)
                    services.AddSingleton<IStartupFilter, TestIdentity>();
                services.AddSingleton<IKernel>(_ =>
                {
                    var kernel = new SimulatedKernel(Host);
                    return wrap is null ? kernel : wrap(kernel);
                });
                replace?.Invoke(services);
            });
    }

    /// <summary>The daemon.</summary>
    public WebApplication App { get; }

    /// <summary>The simulated host: loopback and sim0 to sim3.</summary>
    public SimulatedHost Host { get; } = SimulatedHost.WithInterfaces();

    /// <summary>Its unix socket.</summary>
    public string UnixSocket { get; }

    /// <summary>Where REST is served.</summary>
    public Uri Rest => Address(ListenerPurpose.Rest);

    /// <summary>Where gRPC is served.</summary>
    public Uri Grpc => Address(ListenerPurpose.Grpc);

    /// <summary>Builds it and does not start it.</summary>
    /// <param name="wrap">Puts something around the simulated kernel.</param>
    /// <param name="arguments">More arguments; they win over those of the test.</param>
    public static TestDaemon Build(Func<IKernel, IKernel>? wrap = null, params string[] arguments) => new(wrap, identity: true, arguments);

    /// <summary>Builds it with other services, and does not start it.</summary>
    public static TestDaemon Build(Func<IKernel, IKernel> wrap, Action<IServiceCollection> replace) => new(wrap, identity: true, [], replace);

    /// <summary>Builds it and starts it; it is ready then.</summary>
    public static async Task<TestDaemon> StartAsync(params string[] arguments)
    {
        var daemon = Build(null, arguments);
        await daemon.App.StartAsync();
        return daemon;
    }

    /// <summary>Builds it and starts it. Its callers are nobody until they show who they are.</summary>
    public static async Task<TestDaemon> StartGuardedAsync(params string[] arguments)
    {
        var daemon = new TestDaemon(null, identity: false, arguments);
        await daemon.App.StartAsync();
        return daemon;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await App.StopAsync();
        await App.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Uri Address(ListenerPurpose purpose) =>
        new(App.Services.GetRequiredService<HostClaims>().Listeners.Single(l => l.Purpose == purpose).Address);
}
