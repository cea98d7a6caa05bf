using ControlPlane.Core;
using ControlPlane.Core.Drops;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing;
using ControlPlane.Kernel.Simulated;
using ControlPlane.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>The <see cref="World"/> on a simulated host, with the core on top: what every face is put before in these tests.</summary>
public sealed class SimulatedWorld
{
    private DevmapWriter? _writer;

    public SimulatedWorld()
    {
        foreach (var info in World.Interfaces.Skip(1))
        {
            Host.AddInterface(info.Name);
            Host.ChangeInterface(info.Name, _ => info);
        }
    }

    /// <summary>The host; it begins with <c>lo</c>.</summary>
    public SimulatedHost Host { get; } = new();

    /// <summary>Adds the core on the simulated kernel.</summary>
    public void AddTo(IServiceCollection services, WriterOptions? options = null) => services
        .AddMemoryStore()
        .AddDevmapCore(options ?? new WriterOptions())
        .AddSingleton<IKernel>(_ => new SimulatedKernel(Host));

    /// <summary>Starts the writer.</summary>
    public async Task StartAsync(IServiceProvider services)
    {
        _writer = services.GetRequiredService<DevmapWriter>();
        await _writer.StartAsync(World.Devmaps, TestContext.Deadline());
    }

    /// <summary>Stops the writer.</summary>
    public Task StopAsync() => _writer?.StopAsync(TimeSpan.FromSeconds(5)) ?? Task.CompletedTask;

    /// <summary>Lets something happen.</summary>
    public async Task HappenAsync(Happening happening)
    {
        switch (happening)
        {
            case Happening.VethBVanishes:
                Host.RemoveInterface("veth-b");
                break;
            case Happening.Late0Appears:
                Host.AddInterface("late0");
                break;
            case Happening.SomebodyChangesTheMap:
                Host.SetElementByHand("default", 2, null);
                Host.SetElementByHand("default", 99, new KernelEntry(1, 0));
                break;
            case Happening.FramesAreDropped:
                Host.Drops.Add("default", new RedirectErrorCount(2, Errno.ENETDOWN, 3, DateTimeOffset.UnixEpoch));
                break;
            case Happening.DaemonStops:
                await StopAsync();
                break;
        }
    }
}
