using ControlPlane.TestCommon;

namespace ControlPlane.CliTests;

/// <summary>A daemon on the simulated kernel, for the tests of a class, and devmapctl for it.</summary>
public sealed class SimulatedDaemon : IAsyncLifetime
{
    public DaemonProcess Process { get; private set; } = null!;

    internal Ctl Ctl => new($"unix:{Process.UnixSocket}");

    public async Task InitializeAsync() => Process = await DaemonProcess.StartReadyAsync("--simulate", "--ControlPlane:Devmaps:1:Name=routes", "--ControlPlane:Devmaps:1:KeySelector=ipv4Destination");

    public async Task DisposeAsync() => await Process.DisposeAsync();
}
