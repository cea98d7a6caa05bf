using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Frames that the kernel layer itself sends: they really leave, and their fates are reported exactly.</summary>
public sealed class LiveFrameTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const int Count = 20;
    private static readonly DevmapRecord Live = new("live", new DevmapSpec(16));

    // Linux 6.3 and later ask for the features of a target before they call its driver.
    private static bool AsksFeatures => KernelNeeds.Has(KernelFeatureNames.XdpFeatures);

    private uint Key => testbed.Ingress.Ifindex;

    [Fact]
    public void Feature_IsAvailable() => Assert.True(testbed.Kernel.LiveFrames.Feature.Available, testbed.Kernel.LiveFrames.Feature.Detail);

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(ILiveFrames.MaxFrames)]
    public void Frames_LeaveByTheTarget_AndArriveAtItsPeer(int count)
    {
        using var devmap = testbed.Open(Live);
        devmap.Update(Key, testbed.Target.Ifindex);
        var link = devmap.Attach(testbed.Ingress, AttachMode.Native);
        var run = FrameMark.NewRun();
        var frame = Frames.Udp(new FrameMark(run, 0));

        Assert.Equal(new LiveFrameFates((ulong)count, 0, 0, 0, 0), Send(link, testbed.Target, frame, count));

        var arrived = testbed.Target.Far.Receive(run, count, Patience.OfSeconds(10));
        Assert.Equal(count, arrived.Count);
        Assert.All(arrived, f => Assert.Equal(frame, f));
        Assert.Equal((ulong)count, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Fact]
    public void TheLongestFrame_Leaves()
    {
        using var target = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true, Mtu = ILiveFrames.MaxBytes });
        using var devmap = testbed.Open(Live);
        devmap.Update(Key, target.Ifindex);
        var link = devmap.Attach(testbed.Ingress, AttachMode.Native);
        var run = FrameMark.NewRun();

        var fates = Send(link, target, Frames.Raw(new FrameMark(run, 0), 0x88b5, ILiveFrames.MaxBytes - Frames.EthernetBytes), 3);

        Assert.Equal(new LiveFrameFates(3, 0, 0, 0, 0), fates);
        Assert.Equal(3, target.Far.Receive(run, 3, Patience.OfSeconds(10)).Count);
    }

    [Fact]
    public void TargetDown_IsARefusalByEnetdown() => AssertLost(
        target => target.Pair.SetUp(false), new VethOptions { AcceptsRedirect = true }, new LiveFrameFates(0, 0, 0, Count, Errno.ENETDOWN));

    [Fact]
    public void PeerWithoutXdpOrGro_IsARefusalByEopnotsupp_OrADropByEnxio() => AssertLost(
        _ => { },
        new VethOptions(),
        AsksFeatures ? new LiveFrameFates(0, 0, 0, Count, Errno.EOPNOTSUPP) : new LiveFrameFates(0, Count, Errno.ENXIO, 0, 0));

    [Fact]
    public void TargetWithASmallerMtu_IsARefusalByEmsgsize() => AssertLost(
        _ => { }, new VethOptions { AcceptsRedirect = true, Mtu = 100 }, new LiveFrameFates(0, 0, 0, Count, Errno.EMSGSIZE));

    [Fact]
    public void PeerDown_IsADropByEnxio() => AssertLost(
        target => target.Pair.SetPeerUp(false), new VethOptions { AcceptsRedirect = true }, new LiveFrameFates(0, Count, Errno.ENXIO, 0, 0));

    [Fact]
    public void EgressProgramThatDrops_IsADropWithoutErrno()
    {
        using var devmap = testbed.Open(Live);
        devmap.Load("dropper", new EgressProgramConfig(EgressTemplate.Drop));
        devmap.Update(Key, testbed.Target.Ifindex, "dropper");
        var link = devmap.Attach(testbed.Ingress, AttachMode.Native);

        Assert.Equal(new LiveFrameFates(0, Count, 0, 0, 0), Send(link, testbed.Target, Frames.Udp(default), Count));
    }

    [Fact]
    public void TrafficOfOthers_BesideIt_IsNotCounted()
    {
        using var devmap = testbed.Open(Live);
        devmap.Update(Key, testbed.Target.Ifindex);
        var link = devmap.Attach(testbed.Ingress, AttachMode.Native);
        using var ended = new ManualResetEventSlim();
        var noise = Frames.Udp(new FrameMark(FrameMark.NewRun(), 0));
        var others = new Thread(() =>
        {
            while (!ended.IsSet)
                testbed.Ingress.Far.Send(noise);
        });
        others.Start();
        try
        {
            var exact = 0;
            for (var i = 0; i < 50; i++)
            {
                var fates = Send(link, testbed.Target, Frames.Udp(default), 10);
                // The receiver can be behind, and then the ring is full; every frame has its fate in any case.
                Assert.True(fates.Sent + fates.Dropped >= 10, fates.ToString());
                exact += fates.Sent + fates.Dropped == 10 ? 1 : 0;
            }

            Assert.InRange(exact, 40, 50);
        }
        finally
        {
            ended.Set();
            others.Join();
        }
    }

    [Fact]
    public void IngressOrProgramThatIsGone_IsRefused()
    {
        using var devmap = testbed.Open(Live);
        devmap.Update(Key, testbed.Target.Ifindex);
        var link = devmap.Attach(testbed.Ingress, AttachMode.Native);

        Assert.Equal(Errno.ENODEV, Assert.Throws<KernelException>(() => Send(link with { Ifindex = int.MaxValue }, testbed.Target, Frames.Udp(default), 1)).Errno);
        Assert.Equal(Errno.ENOENT, Assert.Throws<KernelException>(() => Send(link with { ProgramId = 0 }, testbed.Target, Frames.Udp(default), 1)).Errno);
    }

    private void AssertLost(Action<TestInterface> cause, VethOptions options, LiveFrameFates expected)
    {
        using var target = new TestInterface(testbed.Space, options);
        using var devmap = testbed.Open(Live);
        devmap.Update(Key, target.Ifindex);
        var link = devmap.Attach(testbed.Ingress, AttachMode.Native);
        cause(target);

        Assert.Equal(expected, Send(link, target, Frames.Udp(default, payload: 200), Count));
    }

    private LiveFrameFates Send(DevmapLink link, TestInterface target, byte[] frame, int count)
    {
        using var run = testbed.Kernel.LiveFrames.Begin();
        return testbed.Space.Run(() => run.Send(KernelTestbed.Scope, new LiveFrameOrder(Live.Name, Key, link, target.Ifindex, frame, count)));
    }
}
