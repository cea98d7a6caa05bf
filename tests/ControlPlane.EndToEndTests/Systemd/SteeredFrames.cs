using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Systemd;

/// <summary>Frames that an entry of the sandbox's daemon forwards. Every frame that does not come out is noticed.</summary>
internal sealed class SteeredFrames : IAsyncDisposable
{
    private const double FramesPerSecond = 20_000;

    private readonly NetworkNamespace _elsewhere;
    private readonly VethPair _ingress;
    private readonly VethPair _target;
    private readonly LiveTraffic _traffic;

    private SteeredFrames(NetworkNamespace elsewhere, VethPair ingress, VethPair target) =>
        (_elsewhere, _ingress, _target, _traffic) = (elsewhere, ingress, target, LiveTraffic.Start(ingress, target, FramesPerSecond));

    /// <summary>The key of the entry: its ingress interface.</summary>
    public string Ingress => _ingress.Name;

    /// <summary>The interface that the frames leave by.</summary>
    public string Target => _target.Name;

    /// <summary>Frames sent until now.</summary>
    public ulong Sent => _traffic.Sent;

    /// <summary>Makes the interfaces, the attachment and the entry, and begins to send.</summary>
    /// <param name="network">The network namespace of the daemon.</param>
    /// <param name="http">A client of the daemon.</param>
    public static async Task<SteeredFrames> StartAsync(NetworkNamespace network, HttpClient http)
    {
        var elsewhere = NetworkNamespace.Create();
        var (ingress, target) = (Pair(), Pair());
        await http.AttachAsync(Testbed.ByInterface, ingress.Name);
        await http.PutEntryAsync(Testbed.ByInterface, ingress.Name, target.Name);
        return new SteeredFrames(elsewhere, ingress, target);

        VethPair Pair() => VethPair.Create(network, new VethOptions { PeerNamespace = elsewhere, AcceptsRedirect = true });
    }

    /// <summary>Waits until so many more frames have come out.</summary>
    /// <exception cref="InvalidOperationException">Frames were lost.</exception>
    public Task FlowAsync(ulong frames = 2000) => _traffic.FlowAsync(frames);

    /// <summary>Ends it, and asserts that every frame came out.</summary>
    /// <returns>Frames sent.</returns>
    public async Task<ulong> StopAsync()
    {
        var sent = await _traffic.StopAsync();
        Assert.Equal(sent, _traffic.Arrived);
        return sent;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _traffic.DisposeAsync();
        _ingress.Dispose();
        _target.Dispose();
        _elsewhere.Dispose();
    }
}
