using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>The pass program on real interfaces: what was lost arrives, and is lost again without it.</summary>
public sealed class PassProgramTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const int Frames = 10;
    private static readonly DevmapRecord Small = new("targets", new DevmapSpec(4, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    private static WriterScope Scope => KernelTestbed.Scope;

    [Theory]
    [InlineData(null, null)]
    [InlineData("fifteen.lett.rs", null)]
    [InlineData("a.b@c", 9000)]
    public void PassOnThePeer_FramesArriveForAsLongAsItIsThere(string? peerName, int? mtu)
    {
        using var target = new TestInterface(testbed.Space, new VethOptions { PeerName = peerName, Mtu = mtu });
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        AssertArrive(target, 0);

        var attached = testbed.Space.Run(() => testbed.Kernel.PassPrograms.Attach(Scope, testbed.Kernel.Interfaces.Query(target.Pair.PeerName)!));
        Assert.Equal(target.Pair.PeerName, attached.Interface);
        AssertArrive(target, Frames);
        devmap.Restart(() => AssertArrive(target, Frames));
        Assert.Equal([attached], testbed.Kernel.PassPrograms.Attached);
        AssertArrive(target, Frames);

        Assert.True(testbed.Space.Run(() => testbed.Kernel.PassPrograms.Detach(Scope, target.Pair.PeerName)));
        AssertArrive(target, 0);
    }

    [Fact]
    public void PassOnTheVethItself_HelpsOnlyItsPeer()
    {
        using var target = new TestInterface(testbed.Space, new VethOptions());
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        testbed.Space.Run(() => testbed.Kernel.PassPrograms.Attach(Scope, testbed.Kernel.Interfaces.Query(target.Pair.Name)!));

        AssertArrive(target, 0);
        testbed.Space.Run(() => testbed.Kernel.PassPrograms.Detach(Scope, target.Pair.Name));
    }

    private void AssertArrive(TestInterface target, int frames)
    {
        var run = FrameMark.NewRun();
        for (var i = 0; i < Frames; i++)
            testbed.Ingress.Far.Send(TestCommon.Lab.Frames.Udp(new FrameMark(run, (ulong)i), "10.0.0.7"));
        Assert.Equal(frames, target.Far.Receive(run, frames, Patience.OfSeconds(10)).Count);
        Assert.Empty(target.Far.ReceiveUntilQuiet(run, TimeSpan.FromMilliseconds(40)));
    }
}
