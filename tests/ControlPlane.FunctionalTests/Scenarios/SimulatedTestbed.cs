using ControlPlane.Core;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.DependencyInjection;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>The <see cref="ScenarioHost"/> on a simulated host, with the core on top: what every face is put before in these tests.</summary>
public sealed class SimulatedTestbed
{
    private readonly ScriptedDrops _drops = new();
    private DevmapWriter? _writer;

    public SimulatedTestbed()
    {
        Host = new SimulatedHost(_drops);
        foreach (var info in ScenarioHost.Interfaces.Skip(1))
        {
            Host.AddInterface(info.Name);
            Host.ChangeInterface(info.Name, _ => info);
        }
    }

    /// <summary>The host; it begins with <c>lo</c>.</summary>
    public SimulatedHost Host { get; }

    /// <summary>Adds the core on the simulated kernel.</summary>
    public void AddTo(IServiceCollection services, WriterOptions? options = null) => services
        .AddMemoryStore()
        .AddDevmapCore(options ?? new WriterOptions(), probing: new ProbeOptions(Enabled: true))
        .AddSingleton<IKernel>(_ => new SimulatedKernel(Host));

    /// <summary>Starts the writer.</summary>
    public async Task StartAsync(IServiceProvider services)
    {
        _writer = services.GetRequiredService<DevmapWriter>();
        await _writer.StartAsync(ScenarioHost.Devmaps, TestContext.Deadline());
    }

    /// <summary>Stops the writer.</summary>
    public Task StopAsync() => _writer?.StopAsync(TimeSpan.FromSeconds(5)) ?? Task.CompletedTask;

    /// <summary>Lets something raise.</summary>
    public async Task RaiseAsync(ScenarioEvent scenarioEvent)
    {
        switch (scenarioEvent)
        {
            case ScenarioEvent.VethBRemoved:
                Host.RemoveInterface("veth-b");
                break;
            case ScenarioEvent.Late0Added:
                Host.AddInterface("late0");
                break;
            case ScenarioEvent.MapChangedByHand:
                Host.SetElementByHand("default", 2, null);
                Host.SetElementByHand("default", 99, new KernelEntry(1, 0));
                break;
            case ScenarioEvent.FramesDropped:
                _drops.Add("default", new RedirectErrorCount(2, Errno.ENETDOWN, 3, DateTimeOffset.UnixEpoch));
                break;
            case ScenarioEvent.DaemonStopping:
                await StopAsync();
                break;
        }
    }
}
