using ControlPlane.TestCommon;

namespace ControlPlane.ClientTests;

/// <summary>A daemon on the simulated kernel, for the tests of a class. Its devmap <c>default</c> is keyed by ingress interface.</summary>
public sealed class SimulatedDaemon : IAsyncLifetime
{
    public DaemonProcess Process { get; private set; } = null!;

    public string UnixAddress => $"unix:{Process.UnixSocket}";

    public async Task InitializeAsync() => Process = await DaemonProcess.StartReadyAsync("--simulate");

    public async Task DisposeAsync() => await Process.DisposeAsync();
}
