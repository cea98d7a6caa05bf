using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>Where a target needs an XDP program to accept redirected frames, the daemon attaches one, and takes it off again.</summary>
public sealed class PassProgramTests
{
    private static readonly DevmapRecord Left = new("left", new DevmapSpec(64, KeySelector: KeySelector.Vlan, EnsureTargets: EnsureTargets.Off));

    private static readonly DevmapRecord Hardware = new("hardware", new DevmapSpec(64, KeySelector: KeySelector.Vlan, EnsureTargets: EnsureTargets.On));

    [Fact]
    public async Task Put_TargetWhosePeerIsOurs_GetsAPassProgramAndForwards()
    {
        await using var core = await StartAsync();

        var put = await core.PutAsync("vlans", "10", "out");

        Assert.Equal(EntryState.Forwarding, put.View.Status.State);
        Assert.Equal("PassProgram", put.View.Status.Conditions.Single(c => c.Type == ConditionTypes.TargetAcceptsRedirect).Reason);
        Assert.Equal(AttachMode.Native, Peer(core).XdpMode);
        Assert.True(core.Interfaces.Get("out-peer").PassProgram);
    }

    [Fact]
    public async Task Delete_LastEntryOfTheTarget_TakesItOff()
    {
        await using var core = await StartAsync();
        await core.PutAsync("vlans", "10", "out");
        await core.PutAsync("addresses", "10.0.0.1", "out");

        await core.Entries.DeleteAsync("vlans", "10", default, default);
        Assert.NotNull(Peer(core).XdpProgramId);
        await core.PutAsync("addresses", "10.0.0.1", "sim0");

        Assert.Null(Peer(core).XdpProgramId);
        Assert.False(core.Interfaces.Get("out-peer").PassProgram);
    }

    [Fact]
    public async Task Put_DevmapThatLeavesTargets_AttachesNothingAndSaysWhatToDo()
    {
        await using var core = await StartAsync();

        var put = await core.PutAsync("left", "10", "out");

        Assert.Equal(EntryState.Undeliverable, put.View.Status.State);
        Assert.Equal(["ethtool -K out-peer gro on"], put.View.Status.Conditions.Single(c => !c.Holds && c.Type == ConditionTypes.TargetAcceptsRedirect).Remedy!.Commands);
        Assert.Null(Peer(core).XdpProgramId);
    }

    [Fact]
    public async Task Put_PeerHasAProgramOfSomebodyElse_IsLeftAlone()
    {
        var host = Host();
        host.ChangeInterface("out-peer", i => i with { XdpMode = AttachMode.Generic, XdpProgramId = 7 });
        await using var core = await StartAsync(host);

        var put = await core.PutAsync("vlans", "10", "out");

        Assert.Equal(EntryState.Undeliverable, put.View.Status.State);
        Assert.Equal(7u, Peer(core).XdpProgramId);
    }

    [Fact]
    public async Task Attach_RedirectProgramWhereAPassProgramRuns_TakesItsPlaceAndGivesItBack()
    {
        await using var core = await StartAsync();
        await core.PutAsync("vlans", "10", "out");
        var pass = Peer(core).XdpProgramId;

        var attachment = await core.Attachments.PutAsync("vlans", "out-peer", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        Assert.Equal(AttachmentState.Attached, attachment.View.Status.State);
        Assert.NotEqual(pass, Peer(core).XdpProgramId);
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "10").Status.State);

        await core.Attachments.DeleteAsync("vlans", "out-peer", default, default);
        Assert.Equal(pass, Peer(core).XdpProgramId);
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "10").Status.State);
    }

    [Fact]
    public async Task Attachments_AllGeneric_NeedNoPassProgram()
    {
        await using var core = await StartAsync();
        await core.PutAsync("vlans", "10", "out");

        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());

        Assert.Null(Peer(core).XdpProgramId);
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "10").Status.State);
    }

    [Fact]
    public async Task PairMadeAgain_GetsItsPassProgramAgain()
    {
        var host = Host();
        await using var core = await StartAsync(host);
        await core.PutAsync("vlans", "10", "out");
        host.RemoveInterface("out");
        await Eventually.Async(() => core.Entries.Get("vlans", "10").Status.State == EntryState.Pending);

        host.AddPair("out", "out-peer");

        await Eventually.Async(() => core.Entries.Get("vlans", "10").Status.State == EntryState.Forwarding);
        // The kernel is ahead of the snapshot until the batch is published.
        await Eventually.Async(() => core.Interfaces.Get("out-peer").PassProgram);
    }

    [Fact]
    public async Task PeerThatComesAfterItsTarget_GetsAPassProgram()
    {
        var host = Host();
        await using var core = await StartAsync(host);
        var (target, peer) = (host.Interfaces.Find("out")!.Ifindex, host.Interfaces.Find("out-peer")!.Ifindex);
        host.ChangeInterface("out-peer", i => i with { LinkIfindex = null });
        await core.PutAsync("vlans", "10", "out");
        Assert.Equal(EntryState.Undeliverable, core.Entries.Get("vlans", "10").Status.State);
        Assert.Null(Peer(core).XdpProgramId);

        // Nothing is said of the target: its peer came back from another namespace.
        host.ChangeInterface("out-peer", i => i with { LinkIfindex = target });

        await Eventually.Async(() => core.Entries.Get("vlans", "10").Status.State == EntryState.Forwarding);
        Assert.Equal(peer, Peer(core).Ifindex);
        Assert.NotNull(Peer(core).XdpProgramId);
    }

    [Fact]
    public async Task Restart_KeepsWhatIsNeededAndTakesOffWhatIsNot()
    {
        var host = Host();
        host.AddPair("other", "other-peer");
        var store = new MemoryStore();
        uint link;
        await using (var core = await StartAsync(host, store))
        {
            await core.PutAsync("vlans", "10", "out");
            await core.PutAsync("vlans", "11", "other");
            link = core.Interfaces.Get("out-peer").XdpProgramId!.Value;
            store.Commit(new StoreBatch(100, [new StoreChange.DeleteEntry("vlans", EntryKey.OfNumber(11))]));
        }

        await using var again = await StartAsync(host, store);

        Assert.Equal(link, host.Interfaces.Find("out-peer")!.XdpProgramId);
        Assert.Null(host.Interfaces.Find("other-peer")!.XdpProgramId);
        Assert.Equal(EntryState.Forwarding, again.Entries.Get("vlans", "10").Status.State);
    }

    [Fact]
    public async Task Put_TargetIsHardware_GetsOneOnlyIfThatIsConfigured_AndKeepsIt()
    {
        var host = Host();
        host.AddInterface("nic", kind: null, features: XdpFeatures.Basic | XdpFeatures.Redirect);
        host.ChangeInterface("nic", i => i with { IsHardware = true });
        await using var core = await StartAsync(host);

        var auto = (await core.PutAsync("vlans", "10", "nic")).View.Status;
        Assert.Equal(EntryState.Undeliverable, auto.State);
        var remedy = auto.Conditions.Single(c => c.Type == ConditionTypes.TargetAcceptsRedirect).Remedy!;
        Assert.Contains("EnsureTargets 'on'", remedy.Summary, StringComparison.Ordinal);
        Assert.Contains("resets this NIC", remedy.Summary, StringComparison.Ordinal);
        Assert.Null(host.Interfaces.Find("nic")!.XdpProgramId);
        Assert.True(core.Interfaces.Get("nic").Hardware);

        Assert.Equal(EntryState.Forwarding, (await core.PutAsync("hardware", "10", "nic")).View.Status.State);
        await core.Entries.DeleteAsync("hardware", "10", default, default);
        await core.Entries.DeleteAsync("vlans", "10", default, default);
        Assert.NotNull(host.Interfaces.Find("nic")!.XdpProgramId);

        // A redirect program takes its place, and says what that does.
        var attached = await core.Attachments.PutAsync("vlans", "nic", new AttachmentSpec(AttachMode.Native), new Violations(), default, default);
        Assert.Equal(AttachmentState.Attached, attached.View.Status.State);
        Assert.Contains("resets this NIC", attached.View.Status.Conditions.Single(c => c.Type == ConditionTypes.Attached).Message, StringComparison.Ordinal);
    }

    private static SimulatedHost Host()
    {
        var host = SimulatedHost.WithInterfaces();
        host.AddPair("out", "out-peer");
        return host;
    }

    private static Task<CoreFixture> StartAsync(SimulatedHost? host = null, IStore? store = null) =>
        CoreFixture.StartAsync(host ?? Host(), store: store, devmaps: [CoreFixture.Vlans, CoreFixture.Addresses, Left, Hardware]);

    private static InterfaceInfo Peer(CoreFixture core) => core.Host.Interfaces.Find("out-peer")!;
}
