using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.TestCommon.Contract;

/// <summary>Devmaps that are changed, removed and found.</summary>
public abstract partial class KernelContract
{
    [Fact]
    public void ChangeDevmap_KeepsElementsAndLinks_AndReplacesPrograms()
    {
        var scope = new WriterScope(true);
        var devmap = _kernel.OpenDevmap(scope, Small);
        var (target, ingress) = (NewInterface(), NewInterface());
        devmap.Update(scope, 7, target.Ifindex, null, actions: new EntryActions(DecrementTtl: true));
        var link = devmap.Attach(scope, ingress, AttachMode.Generic);
        var before = devmap.RedirectProgramId;

        using var changed = _kernel.ChangeDevmap(scope, devmap, Small with { Spec = Small.Spec with { MissAction = MissAction.Drop } });
        devmap.Dispose();

        Assert.Equal(MissAction.Drop, changed.Definition.Spec.MissAction);
        Assert.NotEqual(before, changed.RedirectProgramId);
        Assert.True(changed.TryLookup(7, out var element));
        Assert.Equal(target.Ifindex, element.Ifindex);
        Assert.Equal(new EntryActions(DecrementTtl: true), changed.ReadActions(7));
        Assert.Equal(link with { ProgramId = changed.RedirectProgramId }, changed.FindLink(ingress.Name));
        Assert.True(changed.IsActive());
        changed.Update(scope, 8, target.Ifindex, null);
        Assert.Equal([7u, 8u], Walk(changed).Order().ToArray());
    }

    [Fact]
    public void ChangeDevmap_CountersOffAndOn_CountsWhatIsCounted()
    {
        var scope = new WriterScope(true);
        var devmap = _kernel.OpenDevmap(scope, Small with { Spec = Small.Spec with { Counters = false, KeySelector = KeySelector.Ipv4Destination } });
        var target = NewInterface();
        devmap.Update(scope, 7, target.Ifindex, null);
        devmap.Update(scope, 8, target.Ifindex, null, actions: new EntryActions(PopVlan: true));
        Assert.Null(devmap.ReadTotals());

        devmap = Change(devmap, counters: true);
        Assert.NotNull(devmap.ReadTotals());
        Assert.Equal((false, true), (devmap.IsCounted(7), devmap.IsCounted(8)));
        devmap.Count(scope, 7);
        devmap.Count(scope, 9);
        Assert.True(devmap.IsCounted(7));
        Assert.False(devmap.TryLookup(9, out _));

        devmap = Change(devmap, counters: false);
        Assert.Equal(new EntryActions(PopVlan: true), devmap.ReadActions(8));
        Assert.True(devmap.Delete(scope, 7));
        devmap.Update(scope, 9, target.Ifindex, null);
        devmap = Change(devmap, counters: true);
        Assert.Equal((true, false), (devmap.IsCounted(8), devmap.IsCounted(9)));
        devmap.Dispose();
    }

    [Fact]
    public void RemoveDevmap_DetachesAndLeavesNothing()
    {
        var scope = new WriterScope(true);
        using var devmap = _kernel.OpenDevmap(scope, Small);
        var ingress = NewInterface();
        devmap.Attach(scope, ingress, AttachMode.Generic);
        Assert.Equal([Small.Name], _kernel.FindDevmaps(scope).Select(d => d.Name));

        Assert.True(_kernel.RemoveDevmap(scope, Small.Name));
        Assert.False(_kernel.RemoveDevmap(scope, Small.Name));

        Assert.Empty(_kernel.FindDevmaps(scope));
        Assert.Null(_kernel.Interfaces.Query(ingress.Name)!.XdpProgramId);
        Assert.Empty(_kernel.Pins.FindMissing());
        using var another = _kernel.OpenDevmap(scope, Small with { Spec = Small.Spec with { KeySelector = KeySelector.Vlan } });
        Assert.False(another.Adopted);
        Assert.False(another.TryGetNextKey(null, out _));
    }

    [Fact]
    public void RemoveDevmap_AfterARestart_NeedsNoOpenOne()
    {
        var scope = new WriterScope(true);
        var spec = new DevmapSpec(8, 4, KeySelector: KeySelector.Vlan, MissAction: MissAction.Abort, Counters: false);
        var ingress = NewInterface();
        using (var devmap = _kernel.OpenDevmap(scope, new DevmapRecord("contract", spec)))
            devmap.Attach(scope, ingress, AttachMode.Generic);
        using var restarted = _testbed.Open();

        Assert.Equal([spec], restarted.FindDevmaps(scope).Select(d => d.Spec));
        Assert.True(restarted.RemoveDevmap(scope, "contract"));
        Assert.Null(restarted.Interfaces.Query(ingress.Name)!.XdpProgramId);
    }

    [Fact]
    public void OpenDevmap_WithOtherSettings_BringsThePinnedOnesInLine()
    {
        var scope = new WriterScope(true);
        var target = NewInterface();
        using (var devmap = _kernel.OpenDevmap(scope, Small))
            devmap.Update(scope, 7, target.Ifindex, null);
        using var restarted = _testbed.Open();
        using var opened = restarted.OpenDevmap(scope, Small with { Spec = Small.Spec with { Counters = false, MissAction = MissAction.Drop } });
        Assert.True(opened.Adopted);
        Assert.Null(opened.ReadTotals());
        Assert.True(opened.TryLookup(7, out _));
        Assert.Equal([(MissAction.Drop, false)], restarted.FindDevmaps(scope).Select(d => (d.Spec.MissAction, d.Spec.Counters)));
    }

    private IDevmap Change(IDevmap devmap, bool counters)
    {
        var changed = _kernel.ChangeDevmap(new WriterScope(true), devmap, devmap.Definition with { Spec = devmap.Definition.Spec with { Counters = counters } });
        devmap.Dispose();
        return changed;
    }
}
