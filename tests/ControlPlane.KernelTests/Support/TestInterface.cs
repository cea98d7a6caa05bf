using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Support;

/// <summary>An interface under test with sockets at both its ends.</summary>
public sealed class TestInterface : IDisposable
{
    /// <param name="space">Where both ends are.</param>
    /// <param name="options">Accepts redirected frames by default.</param>
    public TestInterface(NetworkNamespace space, VethOptions? options = null)
    {
        Pair = VethPair.Create(space, options ?? new VethOptions { AcceptsRedirect = true });
        Near = FrameSocket.Open(space, Pair.Name);
        Far = FrameSocket.OpenPeer(Pair);
        Ifindex = Pair.Ifindex;
    }

    public VethPair Pair { get; }

    public uint Ifindex { get; }

    /// <summary>Frames that reach the stack by this interface: those that no program took.</summary>
    public FrameSocket Near { get; }

    /// <summary>The wire: frames sent here arrive on the interface, frames that leave by it are received here.</summary>
    public FrameSocket Far { get; }

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
        Pair.Dispose();
    }
}
