using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon.Contract;

/// <summary>The part about the pass programs that make targets accept redirected frames.</summary>
public abstract partial class KernelContract
{
    [Fact]
    public void Pass_OnAVethsPeer_MakesTheVethAcceptRedirectedFrames()
    {
        var scope = new WriterScope(true);
        using var changed = new SemaphoreSlim(0);
        using var watch = _kernel.Interfaces.Watch(_ => changed.Release());
        var (target, peer) = NewPair();
        AssertAccepts(false, target);
        Assert.Equal(peer.Ifindex, target.LinkIfindex);
        WaitFor(() => _kernel.Interfaces.Current.Find(peer.Name) is not null, changed);
        Assert.Equal(peer.Name, _kernel.Interfaces.Current.FindEnabler(target)?.Name);

        var attached = _kernel.PassPrograms.Attach(scope, peer);

        Assert.Equal((peer.Name, peer.Ifindex), (attached.Interface, attached.Ifindex));
        Assert.Equal([attached], _kernel.PassPrograms.Attached);
        var now = _kernel.Interfaces.Query(peer.Name)!;
        Assert.Equal((AttachMode.Native, attached.ProgramId), (now.XdpMode, now.XdpProgramId));
        AssertAccepts(false, now);
        AssertAccepts(true, _kernel.Interfaces.Query(target.Name)!);
        WaitFor(() => Accepts(_kernel.Interfaces.Current.Find(target.Name)!) != false, changed);

        Assert.True(_kernel.PassPrograms.Detach(scope, peer.Name));
        Assert.False(_kernel.PassPrograms.Detach(scope, peer.Name));
        Assert.Empty(_kernel.PassPrograms.Attached);
        AssertAccepts(false, _kernel.Interfaces.Query(target.Name)!);
        Assert.Null(_kernel.Interfaces.Query(peer.Name)!.XdpProgramId);
    }

    [Fact]
    public void RedirectProgram_OnAVethsPeer_MakesTheVethAcceptInNativeModeOnly()
    {
        KernelNeeds.Feature(_kernel, KernelFeatureNames.XdpFeatures);
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var (target, peer) = NewPair();
        devmap.Attach(scope, peer, AttachMode.Generic);
        AssertAccepts(false, _kernel.Interfaces.Query(target.Name)!);
        devmap.Detach(scope, peer.Name);
        devmap.Attach(scope, peer, AttachMode.Native);
        AssertAccepts(true, _kernel.Interfaces.Query(target.Name)!);
    }

    [Fact]
    public void Pass_WhereAProgramIs_IsRefused()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var (_, peer) = NewPair();
        devmap.Attach(scope, peer, AttachMode.Native);
        Assert.Contains(Refused(() => _kernel.PassPrograms.Attach(new WriterScope(true), peer)), new[] { Errno.EBUSY, Errno.EEXIST });
        devmap.Detach(scope, peer.Name);

        _kernel.PassPrograms.Attach(scope, peer);
        Assert.Contains(Refused(() => _kernel.PassPrograms.Attach(new WriterScope(true), peer)), new[] { Errno.EBUSY, Errno.EEXIST });
        Assert.Contains(Refused(() => devmap.Attach(new WriterScope(true), peer, AttachMode.Native)), new[] { Errno.EBUSY, Errno.EEXIST });
        Assert.Single(_kernel.PassPrograms.Attached);
    }

    [Fact]
    public void Pass_WhereItCannotBe_IsRefused()
    {
        var (target, _) = NewPair();
        _testbed.RemoveInterface(target.Name);
        Assert.Equal(Errno.EINVAL, Refused(() => _kernel.PassPrograms.Attach(new WriterScope(true), target)));
        var loopback = _kernel.Interfaces.Query("lo")!;
        Assert.Null(_kernel.Interfaces.Current.FindEnabler(loopback));
        Assert.Equal(Errno.EOPNOTSUPP, Refused(() => _kernel.PassPrograms.Attach(new WriterScope(true), loopback)));
        Assert.Throws<InvalidOperationException>(() => _kernel.PassPrograms.Attach(default, loopback));
        Assert.Empty(_kernel.PassPrograms.Attached);
    }

    [Fact]
    public void Pass_AfterARestart_IsAdoptedAndDiesWithItsInterface()
    {
        var scope = new WriterScope(true);
        Assert.Empty(_kernel.PassPrograms.Adopt(scope));
        var ((_, first), (second, secondPeer)) = (NewPair(), NewPair());
        PassProgram[] attached = [_kernel.PassPrograms.Attach(scope, first), _kernel.PassPrograms.Attach(scope, secondPeer)];

        _kernel.Dispose();
        using var restarted = _testbed.Open();
        Assert.Equal(attached.OrderBy(t => t.Interface, StringComparer.Ordinal), restarted.PassPrograms.Adopt(scope));

        _testbed.RemoveInterface(second.Name);
        Assert.Equal([0u], restarted.PassPrograms.Attached.Where(t => t.Interface == secondPeer.Name).Select(t => t.Ifindex));
        _testbed.AddInterface(secondPeer.Name);
        var back = restarted.Interfaces.Query(secondPeer.Name)!;
        Assert.Equal(back.Ifindex, restarted.PassPrograms.Attach(scope, back).Ifindex);
        Assert.Equal(2, restarted.PassPrograms.Attached.Count);
        Assert.True(restarted.PassPrograms.Detach(scope, first.Name));
    }

    private static bool? Accepts(InterfaceInfo target) => target.XdpFeatures?.HasFlag(XdpFeatures.NdoXmit);

    // A kernel without xdp-features never tells.
    private void AssertAccepts(bool expected, InterfaceInfo target) =>
        Assert.Equal(KernelNeeds.Has(_kernel, KernelFeatureNames.XdpFeatures) ? expected : null, Accepts(target));

    private (InterfaceInfo Target, InterfaceInfo Peer) NewPair()
    {
        var (name, peer) = _testbed.AddPair();
        return (_kernel.Interfaces.Query(name)!, _kernel.Interfaces.Query(peer)!);
    }
}
