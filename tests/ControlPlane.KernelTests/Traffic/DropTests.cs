using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Frames that are redirected and do not arrive: each cause is made, and found in its counter and in no other.</summary>
public sealed class DropTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private const int Frames = 20;
    private static readonly DevmapRecord Small = new("drops", new DevmapSpec(4, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    public static TheoryData<AttachMode> Modes() => [AttachMode.Native, AttachMode.Generic];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task GoodFrames_AreCountedNowhere(AttachMode mode)
    {
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);

        var run = Send();
        Assert.Equal(Frames, testbed.Target.Far.Receive(run, Frames, Patience.OfSeconds(10)).Count);

        await Eventually.Async(() => devmap.Kernel.ReadCounters(Key).Packets == Frames);
        Assert.Equal(default, testbed.Kernel.Drops.ReadRedirectTotals(Small.Name));
        Assert.Empty(testbed.Kernel.Drops.ReadRedirectErrors(Small.Name));
        Assert.Empty(Transmit(testbed.Target));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task TargetDown_IsEnetdownOfItsKey(AttachMode mode)
    {
        using var target = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true });
        using var devmap = testbed.Open(Small);
        devmap.Update([Key, Key + 1], target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        target.Pair.SetUp(false);
        var before = DateTimeOffset.UtcNow;

        Send();

        await Eventually.Async(() => testbed.Kernel.Drops.ReadRedirectTotals(Small.Name) == new RedirectErrorTotals(Frames, 0, 0, 0));
        var error = Assert.Single(testbed.Kernel.Drops.ReadRedirectErrors(Small.Name));
        Assert.Equal((Key, Errno.ENETDOWN, (ulong)Frames), (error.KernelKey, error.Errno, error.Packets));
        Assert.InRange(error.LastSeen, before - TimeSpan.FromSeconds(1), DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task CandidateThatIsSwitchedTo_AndBack_CountsOn()
    {
        using var target = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true });
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        target.Pair.SetUp(false);
        var candidate = devmap.Kernel.BeginCandidate(KernelTestbed.Scope, Small, 1);
        await candidate.Made;
        testbed.Space.Run(() => candidate.Update(KernelTestbed.Scope, Key, target.Ifindex, null));

        for (var sent = 1; sent <= 4; sent++)
        {
            Send();
            var expected = (ulong)(Frames * sent);
            await Eventually.Async(() => testbed.Kernel.Drops.ReadRedirectTotals(Small.Name) == new RedirectErrorTotals(expected, 0, 0, 0));
            Assert.Equal(expected, Assert.Single(testbed.Kernel.Drops.ReadRedirectErrors(Small.Name)).Packets);
            if (sent < 4)
                candidate.Switch(KernelTestbed.Scope);
        }

        candidate.Release(KernelTestbed.Scope);
        Send();
        await Eventually.Async(() => testbed.Kernel.Drops.ReadRedirectTotals(Small.Name) == new RedirectErrorTotals(5 * Frames, 0, 0, 0));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task FrameLongerThanTheTargetTakes_IsEmsgsize(AttachMode mode)
    {
        using var target = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true, Mtu = 600 });
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);

        Send(payload: 1000);
        Send(payload: 200);

        await Eventually.Async(() => testbed.Kernel.Drops.ReadRedirectTotals(Small.Name) == new RedirectErrorTotals(0, Frames, 0, 0));
        Assert.Equal(Errno.EMSGSIZE, Assert.Single(testbed.Kernel.Drops.ReadRedirectErrors(Small.Name)).Errno);
    }

    [Fact]
    public async Task TargetThatTakesNoRedirectedFrames_IsEopnotsupp_OrEnxioOfTheDevices()
    {
        using var target = new TestInterface(testbed.Space, new VethOptions());
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        Send();

        // Linux 6.3 and later ask for the features of a target before they call its driver.
        if (KernelNeeds.Has(KernelFeatureNames.XdpFeatures))
        {
            await Eventually.Async(() => testbed.Kernel.Drops.ReadRedirectTotals(Small.Name) == new RedirectErrorTotals(0, 0, Frames, 0));
            Assert.Equal(Errno.EOPNOTSUPP, Assert.Single(testbed.Kernel.Drops.ReadRedirectErrors(Small.Name)).Errno);
            Assert.Empty(Transmit(target));
            return;
        }

        await Eventually.Async(() => Transmit(target).Sum(d => (long)d.Packets) == Frames);
        Assert.Equal((testbed.Ingress.Ifindex, Errno.ENXIO), (Assert.Single(Transmit(target)).From, Transmit(target)[0].Errno));
        Assert.Equal(default, testbed.Kernel.Drops.ReadRedirectTotals(Small.Name));
    }

    [Fact]
    public async Task PeerOfTheTargetDown_IsEnxioOfTheDevices()
    {
        using var target = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true });
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        target.Pair.SetPeerUp(false);

        Send();

        await Eventually.Async(() => Transmit(target).Sum(d => (long)d.Packets) == Frames);
        var drop = Assert.Single(Transmit(target));
        Assert.Equal((testbed.Ingress.Ifindex, Errno.ENXIO), (drop.From, drop.Errno));
        Assert.Equal(default, testbed.Kernel.Drops.ReadRedirectTotals(Small.Name));
    }

    [Fact]
    public async Task EgressProgramThatDrops_IsADropWithoutAnError()
    {
        using var target = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true });
        using var devmap = testbed.Open(Small);
        devmap.Load("dropper", new EgressProgramConfig(EgressTemplate.Drop));
        devmap.Update(Key, target.Ifindex, "dropper");
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        Send();

        await Eventually.Async(() => Transmit(target).Sum(d => (long)d.Packets) == Frames);
        Assert.Equal((testbed.Ingress.Ifindex, 0), (Assert.Single(Transmit(target)).From, Transmit(target)[0].Errno));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task AbortedFrames_AreExceptionsOfTheProgramAndTheDevice(AttachMode mode)
    {
        using var devmap = testbed.Open(Small with { Spec = Small.Spec with { MissAction = MissAction.Abort } });
        var link = devmap.Attach(testbed.Ingress, mode);

        Send();

        await Eventually.Async(() => testbed.Kernel.Drops.ReadExceptions().Any(e => e.ProgramId == link.ProgramId && e.Packets == Frames));
        var exception = Assert.Single(testbed.Kernel.Drops.ReadExceptions(), e => e.ProgramId == link.ProgramId);
        Assert.Equal((testbed.Ingress.Ifindex, (uint)MissAction.Abort), (exception.Ifindex, exception.Action));
    }

    [Fact]
    public async Task OtherDevmapsAndNamespaces_CountNothing()
    {
        using var elsewhere = new KernelTestbed();
        using var other = testbed.Open(Small with { Name = "others" });
        using var target = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true });
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        target.Pair.SetPeerUp(false);
        Send();
        target.Pair.SetUp(false);
        Send();

        await Eventually.Async(() => testbed.Kernel.Drops.ReadRedirectTotals(Small.Name).TargetDown == Frames && Transmit(target).Count == 1);
        Assert.Equal(default, testbed.Kernel.Drops.ReadRedirectTotals("others"));
        Assert.Equal(default, testbed.Kernel.Drops.ReadRedirectTotals("unknown"));
        Assert.Empty(testbed.Kernel.Drops.ReadRedirectErrors("others"));
        Assert.Empty(elsewhere.Kernel.Drops.ReadRedirectErrors(Small.Name));
        Assert.DoesNotContain(elsewhere.Kernel.Drops.ReadTransmitDrops(), d => (d.From, d.To) == (testbed.Ingress.Ifindex, target.Ifindex));
    }

    [Fact]
    public async Task WhileNoDaemonRuns_CountingGoesOn()
    {
        using var target = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true });
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        target.Pair.SetUp(false);
        Send();
        await Eventually.Async(() => testbed.Kernel.Drops.ReadRedirectTotals(Small.Name).TargetDown == Frames);

        devmap.Restart(() => Send());

        await Eventually.Async(() => testbed.Kernel.Drops.ReadRedirectTotals(Small.Name).TargetDown == 2 * Frames);
        Assert.Equal(2UL * Frames, Assert.Single(testbed.Kernel.Drops.ReadRedirectErrors(Small.Name)).Packets);
        Assert.True(testbed.Kernel.Host.Features.Single(f => f.Name == KernelFeatureNames.DropCounters).Available);
    }

    private List<TransmitDropCount> Transmit(TestInterface target) => [.. testbed.Kernel.Drops.ReadTransmitDrops().Where(d => d.To == target.Ifindex)];

    private ulong Send(int payload = 64)
    {
        var run = FrameMark.NewRun();
        for (var i = 0; i < Frames; i++)
            testbed.Ingress.Far.Send(TestCommon.Lab.Frames.Udp(new FrameMark(run, (ulong)i), Address, payload));
        return run;
    }
}
