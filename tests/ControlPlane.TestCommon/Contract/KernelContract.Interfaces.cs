using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon.Contract;

/// <summary>The part about the table of interfaces: a refresh shows what another process has changed, without waiting.</summary>
public abstract partial class KernelContract
{
    private const int Rounds = 20;

    [Fact]
    public void Refresh_AfterAnInterfaceIsAddedRenamedAndRemoved_ShowsItAtOnce()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (name, peer) = _testbed.AddPair();
            var added = _kernel.Interfaces.Refresh();
            Assert.Equal(_kernel.Interfaces.Query(name), added.Find(name));
            Assert.Equal(_kernel.Interfaces.Query(peer), added.Find(peer));
            var ifindex = added.Find(name)!.Ifindex;

            var newName = _testbed.FreeName();
            _testbed.Rename(peer, newName);
            var renamed = _kernel.Interfaces.Refresh();
            Assert.Null(renamed.Find(peer));
            Assert.Equal(added.Find(peer)!.Ifindex, renamed.Find(newName)?.Ifindex);

            _testbed.RemoveInterface(name);
            var removed = _kernel.Interfaces.Refresh();
            Assert.Null(removed.Find(name));
            Assert.Null(removed.Find(newName));
            Assert.Null(removed.Find(ifindex));
        }
    }

    [Theory]
    [InlineData(6)]
    [InlineData(InterfaceName.MaxBytes + 1)]
    [InlineData(InterfaceName.MaxAltBytes)]
    public void AltName_NamesTheInterfaceEverywhere_UntilItIsRemoved(int length)
    {
        var alt = _testbed.FreeName().PadRight(length, 'y');
        var (name, peer) = _testbed.AddPair();
        for (var round = 0; round < Rounds; round++)
        {
            var holder = round % 2 == 0 ? name : peer;
            _testbed.AddAltName(holder, alt);
            var table = _kernel.Interfaces.Refresh();
            Assert.Equal((holder, holder), (table.Find(alt)?.Name, _kernel.Interfaces.Query(alt)?.Name));
            Assert.Equal([alt], table.Find(holder)!.AltNames);
            Assert.Equal([alt, holder], table.NamesOf(alt));
            Assert.Equal(holder, _kernel.Interfaces.Canonical(alt));

            _testbed.RemoveAltName(holder, alt);
            Assert.Null(_kernel.Interfaces.Refresh().Find(alt));
            Assert.Null(_kernel.Interfaces.Query(alt));
        }

        _testbed.AddAltName(name, alt);
        _testbed.RemoveInterface(name);
        Assert.Null(_kernel.Interfaces.Refresh().Find(alt));
    }

    [Fact]
    public void AltName_OfAnInterfaceThatIsDown_IsFound()
    {
        var alt = _testbed.FreeName();
        var (name, _) = _testbed.AddPair();
        _testbed.SetUp(name, false);
        _kernel.Interfaces.Refresh();
        _testbed.AddAltName(name, alt);
        Assert.Equal(name, _kernel.Interfaces.Canonical(alt));
        Assert.Equal(name, _kernel.Interfaces.Refresh().Find(alt)?.Name);
    }

    [Fact]
    public void Refresh_AfterAnInterfaceIsMadeAgain_ShowsTheNewIndexAtOnce()
    {
        var before = NewInterface();
        _testbed.RemoveInterface(before.Name);
        _testbed.AddInterface(before.Name);
        var table = _kernel.Interfaces.Refresh();
        Assert.Equal(_kernel.Interfaces.Query(before.Name)!.Ifindex, table.Find(before.Name)?.Ifindex);
        Assert.Null(table.Find(before.Ifindex));
    }

    [Fact]
    public void Refresh_AfterAChangeOfUpCarrierOrMtu_ShowsItAtOnce()
    {
        var (target, peer) = NewPair();
        for (var round = 0; round < Rounds; round++)
        {
            _testbed.SetUp(peer.Name, false);
            var down = _kernel.Interfaces.Refresh();
            Assert.Equal((false, false), State(down, peer.Name));
            Assert.Equal((true, false), State(down, target.Name));

            _testbed.SetUp(peer.Name, true);
            var up = _kernel.Interfaces.Refresh();
            Assert.Equal((true, true), State(up, peer.Name));
            Assert.Equal((true, true), State(up, target.Name));

            var mtu = 1400 + (uint)round;
            _testbed.SetMtu(target.Name, mtu);
            Assert.Equal(mtu, _kernel.Interfaces.Refresh().Find(target.Name)!.Mtu);
        }

        static (bool IsUp, bool HasCarrier) State(InterfaceTable table, string name) => (table.Find(name)!.IsUp, table.Find(name)!.HasCarrier);
    }

    [Fact]
    public void Refresh_AfterTheKernelAttachesOrDetaches_ShowsProgramAndFeaturesAtOnce()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var (target, peer) = NewPair();
        for (var round = 0; round < Rounds; round++)
        {
            devmap.Attach(scope, peer, AttachMode.Native);
            var attached = _kernel.Interfaces.Refresh();
            Assert.Equal((AttachMode.Native, devmap.FindLink(peer.Name)!.ProgramId), (attached.Find(peer.Name)!.XdpMode, attached.Find(peer.Name)!.XdpProgramId));
            AssertAccepts(true, attached.Find(target.Name)!);

            devmap.Detach(scope, peer.Name);
            var detached = _kernel.Interfaces.Refresh();
            Assert.Null(detached.Find(peer.Name)!.XdpProgramId);
            AssertAccepts(false, detached.Find(target.Name)!);

            var pass = _kernel.PassPrograms.Attach(scope, peer);
            var passing = _kernel.Interfaces.Refresh();
            Assert.Equal(pass.ProgramId, passing.Find(peer.Name)!.XdpProgramId);
            AssertAccepts(true, passing.Find(target.Name)!);

            _kernel.PassPrograms.Detach(scope, peer.Name);
            AssertAccepts(false, _kernel.Interfaces.Refresh().Find(target.Name)!);
        }
    }

    [Fact]
    public void Refresh_FindsAChange_WatchersAreToldAsWell()
    {
        using var seen = new SemaphoreSlim(0);
        var names = new HashSet<string>();
        using var watch = _kernel.Interfaces.Watch(changes =>
        {
            lock (names)
                names.UnionWith(changes.Names);
            seen.Release();
        });
        for (var round = 0; round < Rounds; round++)
        {
            var name = _testbed.AddInterface();
            _kernel.Interfaces.Refresh();
            WaitFor(() => Seen(names, name), seen);
            _testbed.RemoveInterface(name);
            _kernel.Interfaces.Refresh();
            lock (names)
                names.Clear();
            var after = _testbed.AddInterface();
            WaitFor(() => Seen(names, after), seen);
        }
    }
}
