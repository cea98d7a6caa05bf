using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon.Contract;

/// <summary>The part about programs, links and adoption.</summary>
public abstract partial class KernelContract
{
    [Fact]
    public void AttachAuto_TakesTcxOnAVeth_WhereTheKernelHasIt()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var ingress = NewInterface();

        var link = devmap.Attach(scope, ingress, AttachMode.Auto);

        Assert.Equal(KernelNeeds.Has(_kernel, KernelFeatureNames.Tcx) ? AttachMode.Tcx : AttachMode.Native, link.Mode);
        Assert.Equal(link, devmap.FindLink(ingress.Name));
        devmap.Detach(scope, ingress.Name);
    }

    [Fact]
    public void TcxLink_SharesTheInterfaceWithXdpAndIsAdopted()
    {
        KernelNeeds.Feature(_kernel, KernelFeatureNames.Tcx);
        var scope = new WriterScope(true);
        var ingress = NewInterface();
        DevmapLink link;
        using (var devmap = _kernel.OpenDevmap(scope, Small))
        {
            _kernel.PassPrograms.Attach(scope, ingress);
            link = devmap.Attach(scope, ingress, AttachMode.Tcx);
            Assert.Contains(Refused(() => devmap.Attach(new WriterScope(true), ingress, AttachMode.Tcx)), new[] { Errno.EBUSY, Errno.EEXIST });
        }

        _kernel.Dispose();
        using var restarted = _testbed.Open();
        using var adopted = restarted.OpenDevmap(scope, Small);
        Assert.Equal([link], adopted.Links);
        Assert.True(adopted.Detach(scope, ingress.Name));
        restarted.PassPrograms.Adopt(scope);
        restarted.PassPrograms.Detach(scope, ingress.Name);
    }

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    [InlineData(AttachMode.Tcx)]
    public void Attach_ShowsOnTheInterfaceAndDetachTakesItOff(AttachMode mode)
    {
        if (mode == AttachMode.Tcx)
            KernelNeeds.Feature(_kernel, KernelFeatureNames.Tcx);
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var ingress = NewInterface();
        var link = devmap.Attach(scope, ingress, mode);
        Assert.Equal((ingress.Name, ingress.Ifindex, mode), (link.Interface, link.Ifindex, link.Mode));
        var attached = _kernel.Interfaces.Query(ingress.Name)!;
        Assert.Equal(mode == AttachMode.Tcx ? (null, null) : (mode, link.ProgramId), (attached.XdpMode, attached.XdpProgramId));
        Assert.Contains(link.ProgramId, devmap.ProgramIds);
        Assert.Equal([link], devmap.Links);
        Assert.Equal(link, devmap.FindLink(ingress.Name));

        Assert.True(devmap.Detach(scope, ingress.Name));
        Assert.False(devmap.Detach(scope, ingress.Name));
        Assert.Null(_kernel.Interfaces.Query(ingress.Name)!.XdpMode);
        Assert.Empty(devmap.Links);
        Assert.Null(devmap.FindLink(ingress.Name));
    }

    [Fact]
    public void Activate_MapThatIsActive_StaysSo()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        Assert.Equal(devmap.MapId, devmap.ReadActiveMapId());
        devmap.Activate(scope);
        Assert.Equal(devmap.MapId, devmap.ReadActiveMapId());
        Assert.True(devmap.IsActive());
    }

    [Fact]
    public void Attach_InterfaceHeldByAnother_IsRefused()
    {
        var scope = new WriterScope(true);
        using var holder = _kernel.OpenDevmap(scope, Small);
        using var second = _kernel.OpenDevmap(scope, Small with { Name = "second" });
        var ingress = NewInterface();
        holder.Attach(scope, ingress, AttachMode.Native);
        Assert.Contains(
            Refused(() => second.Attach(new WriterScope(true), ingress, AttachMode.Native)), new[] { Errno.EBUSY, Errno.EEXIST });
        Assert.Empty(second.Links);
    }

    [Fact]
    public void Attach_InterfaceThatIsGone_IsEinval()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var ingress = NewInterface();
        _testbed.RemoveInterface(ingress.Name);
        Assert.Equal(Errno.EINVAL, Refused(() => devmap.Attach(new WriterScope(true), ingress, AttachMode.Native)));
    }

    [Fact]
    public void Attach_NativeWhereTheDriverHasNoXdp_IsEopnotsupp()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var loopback = _kernel.Interfaces.Query("lo")!;
        Assert.Equal(Errno.EOPNOTSUPP, Refused(() => devmap.Attach(new WriterScope(true), loopback, AttachMode.Native)));
    }

    [Fact]
    public void Link_OfAnInterfaceThatIsGone_IsDeadAndCanBeReplaced()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var ingress = NewInterface();
        devmap.Attach(scope, ingress, AttachMode.Native);
        _testbed.RemoveInterface(ingress.Name);
        Assert.Equal(0u, Assert.Single(devmap.Links).Ifindex);
        Assert.Equal(devmap.Links[0], devmap.FindLink(ingress.Name));

        _testbed.AddInterface(ingress.Name);
        var back = _kernel.Interfaces.Query(ingress.Name)!;
        Assert.NotEqual(ingress.Ifindex, back.Ifindex);
        devmap.Attach(scope, back, AttachMode.Native);
        Assert.Equal(back.Ifindex, Assert.Single(devmap.Links).Ifindex);
    }

    [Fact]
    public void OpenDevmap_AfterARestart_AdoptsElementsProgramsAndLinks()
    {
        var scope = new WriterScope(true);
        var (ingress, target) = (NewInterface(), NewInterface());
        var spec = TestPrograms.RewriteMac(new MacAddress(0x020000000001), new MacAddress(0x020000000002));
        uint mapId, programId, linkId;
        LoadedProgram egress;
        using (var devmap = _kernel.OpenDevmap(scope, Small))
        {
            Assert.False(devmap.Adopted);
            egress = _kernel.Programs.Load(scope, "to-router", spec);
            devmap.Update(scope, 1, target.Ifindex, "to-router");
            linkId = devmap.Attach(scope, ingress, AttachMode.Native).LinkId;
            (mapId, programId) = (devmap.MapId, devmap.RedirectProgramId);
        }

        _kernel.Dispose();
        using var restarted = _testbed.Open();
        Assert.Equal([egress], restarted.Programs.Adopt(scope));
        using var adopted = restarted.OpenDevmap(scope, Small);
        Assert.True(adopted.Adopted);
        Assert.Equal((mapId, programId), (adopted.MapId, adopted.RedirectProgramId));
        Assert.Equal([new DevmapLink(ingress.Name, ingress.Ifindex, linkId, AttachMode.Native, adopted.FindLink(ingress.Name)!.ProgramId)], adopted.Links);
        Assert.True(adopted.TryLookup(1, out var entry));
        Assert.Equal(new KernelEntry(target.Ifindex, egress.ProgramId), entry);
        adopted.Update(scope, 2, target.Ifindex, "to-router");
        Assert.True(adopted.Detach(scope, ingress.Name));
    }

    [Fact]
    public void OpenDevmap_PinnedOtherwiseThanConfigured_ListsEveryDifference()
    {
        var scope = new WriterScope(true);
        _kernel.OpenDevmap(scope, Small).Dispose();
        var wanted = new DevmapRecord(
            Small.Name, new DevmapSpec(MaxEntries: 8, ValueSize: 4, KeySelector: KeySelector.Vlan, MissAction: MissAction.Drop, Counters: false));
        var error = Assert.Throws<ControlPlaneException>(() => _kernel.OpenDevmap(new WriterScope(true), wanted)).Error;
        Assert.All(
            ["MaxEntries", "ValueSize", "KeySelector"],
            setting => Assert.Contains(setting, error.Detail, StringComparison.Ordinal));
        Assert.NotNull(error.Remedy);
        _kernel.OpenDevmap(scope, Small).Dispose();
    }

    [Fact]
    public void Load_SameName_ReplacesUnderANewId()
    {
        var scope = new WriterScope(true);
        var programs = _kernel.Programs;
        var first = programs.Load(scope, "p", new EgressProgramConfig(EgressTemplate.Count));
        var second = programs.Load(scope, "p", TestPrograms.PushVlan(5));
        Assert.NotEqual(first.ProgramId, second.ProgramId);
        Assert.Equal(5u, second.Config.Parameters.Get(TemplateParameter.VlanId)!.Value);
        Assert.True(programs.Unload(scope, "p"));
        Assert.False(programs.Unload(scope, "p"));
    }

    [Fact]
    public void Drops_OfADevmapWithoutFrames_AreNone()
    {
        using var devmap = _kernel.OpenDevmap(new WriterScope(true), Small);
        foreach (var name in new[] { Small.Name, "unknown" })
        {
            Assert.Equal(default, _kernel.Drops.ReadRedirectTotals(name));
            Assert.Empty(_kernel.Drops.ReadRedirectErrors(name));
        }

        Assert.Contains(_kernel.Host.Features, f => f.Name == KernelFeatureNames.DropCounters);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MissedKeys_WithoutFrames_AreNone(bool counters)
    {
        using var devmap = _kernel.OpenDevmap(new WriterScope(true), Small with { Spec = Small.Spec with { Counters = counters } });
        Assert.Empty(devmap.ReadMissedKeys());
    }

    [Theory]
    [InlineData(RedirectPeer.Auto)]
    [InlineData(RedirectPeer.Off)]
    public void PeerUse_WithoutAnEntry_IsNone(RedirectPeer setting)
    {
        using var devmap = _kernel.OpenDevmap(new WriterScope(true), Small with { Spec = Small.Spec with { RedirectPeer = setting } });
        Assert.Contains(devmap.ReadPeerUse(1), setting == RedirectPeer.Off ? [PeerUse.Off] : new[] { PeerUse.NoEntry, PeerUse.NotSupported });
        Assert.Equal(0ul, devmap.ReadTotals()!.Value.PeerRedirectedPackets);
    }

    [Fact]
    public void Write_WithoutTheWritersPermission_IsRefused()
    {
        using var devmap = _kernel.OpenDevmap(new WriterScope(true), Small);
        Assert.Throws<InvalidOperationException>(() => devmap.Update(default, 1, 1, null));
        Assert.Throws<InvalidOperationException>(() => devmap.Delete(default, 1));
        Assert.Throws<InvalidOperationException>(() => _kernel.Programs.Unload(default, "p"));
    }
}
