using ControlPlane.Client;
using ControlPlane.Core.Ports;
using ControlPlane.Daemon;
using ControlPlane.Daemon.Cli;
using ControlPlane.Simulation;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.Testing;

/// <summary>The daemon within this process, on a simulated host: for tests of code that uses <see cref="IDevmapClient"/>.</summary>
public sealed class SimulatedDevmapd : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-testing-").FullName;
    private readonly SimulatedHost _host = SimulatedHost.WithInterfaces();
    private readonly string[] _arguments;
    private WebApplication _app;

    private SimulatedDevmapd(string[] arguments)
    {
        _arguments = arguments;
        Address = $"unix:{_folder}/devmapd.sock";
        _app = Build();
        Client = DevmapdClient.Connect(Address);
    }

    /// <summary>The address of its unix socket, on which the user of this process is an administrator.</summary>
    public string Address { get; }

    /// <summary>A client that is connected to it.</summary>
    public DevmapdClient Client { get; }

    /// <summary>The names of its interfaces: <c>lo</c>, <c>sim0</c> to <c>sim3</c>, and those that were added.</summary>
    public IReadOnlyList<string> Interfaces => [.. _host.Interfaces.All.Select(i => i.Name)];

    /// <summary>Starts a daemon. It is ready then, with the devmap <c>default</c> keyed by ingress interface unless the arguments say otherwise.</summary>
    /// <param name="arguments">Settings as on the command line of devmapd: <c>--ControlPlane:KEY=VALUE</c>.</param>
    /// <exception cref="Exception">The settings are not valid.</exception>
    public static async Task<SimulatedDevmapd> StartAsync(params string[] arguments)
    {
        var daemon = new SimulatedDevmapd(arguments);
        try
        {
            await daemon._app.StartAsync();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds an interface, which is up. Its entries come into the simulated kernel soon after.</summary>
    /// <param name="name">Its name, which must be free.</param>
    public void AddInterface(string name) => _host.AddInterface(name);

    /// <summary>Removes an interface. Its entries are Pending soon after.</summary>
    /// <param name="name">Its name.</param>
    public void RemoveInterface(string name) => _host.RemoveInterface(name);

    /// <summary>Takes an interface up or down.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="up">Whether it is up.</param>
    public void SetUp(string name, bool up) => _host.ChangeInterface(name, i => i with { IsUp = up, HasCarrier = up });

    /// <summary>
    /// Stops the daemon and starts another one on the same simulated kernel. The store of a simulation ends with its daemon, so the new one adopts what
    /// the kernel has, under new revisions.
    /// </summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        _app = Build();
        await _app.StartAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private WebApplication Build() => Program.Build(
        CommandLine.Parse([
            "--simulate", $"--ControlPlane:StateDirectory={_folder}/state", $"--ControlPlane:PinRoot={_folder}/pins",
            $"--ControlPlane:Listen:UnixSocket={_folder}/devmapd.sock", "--ControlPlane:Listen:Rest=", "--ControlPlane:Listen:Grpc=",
            "--Serilog:MinimumLevel:Default=Fatal", .. _arguments,
        ]).Arguments,
        services => services.AddSingleton<IKernel>(_ => new SimulatedKernel(_host)));
}
