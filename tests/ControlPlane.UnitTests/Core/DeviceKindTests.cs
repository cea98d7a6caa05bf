using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>Devices that are not what a redirect needs are refused, or a condition says so.</summary>
public sealed class DeviceKindTests
{
    [Fact]
    public async Task InterfaceWithoutEthernet_IsRefusedAsTargetAndAsIngress_WithAllElseThatIsWrong()
    {
        await using var core = await CoreFixture.StartAsync(Host());

        var target = await CoreFixture.FailsAsync(() => core.PutAsync("vlans", "10", "tun0", "never"));
        var ingress = await CoreFixture.FailsAsync(() => AttachAsync(core, "tun0", AttachMode.Generic));

        Assert.Equal((ErrorCode.InterfaceUnsuitable, "interface egressProgram"), (target.Code, string.Join(' ', target.Fields.Select(f => f.Field))));
        Assert.Equal((ErrorCode.InterfaceUnsuitable, "interface"), (ingress.Code, Assert.Single(ingress.Fields).Field));
        Assert.All([target, ingress], e => Assert.Contains("'tun0' is of the kind 'tun'", e.Detail, StringComparison.Ordinal));
        Assert.All([target, ingress], e => Assert.NotNull(e.Remedy));
    }

    [Fact]
    public async Task InterfaceThatComesWithoutEthernet_IsFlagged_AndGetsNoProgram()
    {
        var host = Host();
        await using var core = await CoreFixture.StartAsync(host);
        await core.PutAsync("vlans", "10", "late0", allowPending: true);
        await core.Attachments.PutAsync("vlans", "late1", new AttachmentSpec(AttachMode.Generic), true, RequestContext.OfDaemon());

        host.ChangeInterface("tun0", i => i with { Name = "late0" });
        host.ChangeInterface("tun1", i => i with { Name = "late1" });

        await Eventually.Async(() => core.Entries.Get("vlans", "10", RequestContext.OfDaemon()).Status.State == EntryState.Undeliverable);
        var condition = Assert.Single(core.Entries.Get("vlans", "10").Status.Conditions, c => c.Type == ConditionTypes.CarriesEthernet);
        Assert.Equal("NoEthernetHeaders", condition.Reason);
        await Eventually.Async(() => Attachment(core, "late1").State == AttachmentState.Failed);
        Assert.Equal("InterfaceUnsuitable", Assert.Single(Attachment(core, "late1").Conditions).Reason);
        Assert.Null(host.Interfaces.Find("late1")!.XdpProgramId);
    }

    [Fact]
    public async Task Interface_WithoutEthernet_IsShownAsNoTarget()
    {
        await using var core = await CoreFixture.StartAsync(Host());
        var view = core.Interfaces.Get("tun0");
        Assert.Equal((false, false), (view.Ethernet, view.CanBeTarget));
        Assert.NotNull(Assert.Single(view.Conditions, c => c.Type == ConditionTypes.CarriesEthernet).LastTransitionTime);
    }

    [Theory]
    [InlineData("veth", EntryState.Forwarding, "GenericMode")]
    [InlineData("bridge", EntryState.Forwarding, "GenericMode")]
    [InlineData("vlan", EntryState.Forwarding, "GenericMode")]
    [InlineData("macvlan", EntryState.Forwarding, "GenericMode")]
    [InlineData("bond", EntryState.Forwarding, "GenericMode")]
    [InlineData("vxlan", EntryState.Forwarding, "GenericMode")]
    [InlineData(null, EntryState.Forwarding, "GenericMode")]
    [InlineData("ifb", EntryState.Undeliverable, "KindDoesNotSend")]
    [InlineData("nlmon", EntryState.Undeliverable, "KindDoesNotSend")]
    [InlineData("dummy", EntryState.Undeliverable, "KindDoesNotSend")]
    [InlineData("vrf", EntryState.Undeliverable, "KindDoesNotSend")]
    [InlineData("newkind", EntryState.Unverified, "KindUnknown")]
    public async Task GenericTarget_IsJudgedByItsKind(string? kind, EntryState state, string reason)
    {
        var host = Host();
        host.AddInterface("t0", kind, XdpFeatures.None);
        host.ChangeInterface("t0", i => i with { Mtu = 1500 });
        await using var core = await CoreFixture.StartAsync(host);
        await AttachAsync(core, "sim0", AttachMode.Generic);

        var status = (await core.PutAsync("vlans", "10", "t0")).View.Status;

        Assert.Equal((state, reason), (status.State, status.Conditions.Single(c => c.Type == ConditionTypes.TargetAcceptsRedirect).Reason));
    }

    [Fact]
    public async Task Loopback_ReturnsFramesInGenericMode()
    {
        await using var core = await CoreFixture.StartAsync(Host());
        await AttachAsync(core, "sim0", AttachMode.Generic);

        Assert.Equal(EntryState.Undeliverable, (await core.PutAsync("vlans", "10", "lo")).View.Status.State);

        var verdict = core.Explanations.Explain("vlans", new ExplainQuery("10", Ingress: "sim0"), RequestContext.OfDaemon()).Verdict;
        Assert.Equal((ExplainOutcome.Dropped, "KindDoesNotSend"), (verdict.Outcome, verdict.Reason));
    }

    [Theory]
    [InlineData("veth0", AttachMode.Native, ConditionStatus.True, ConditionStatus.True)]
    [InlineData("nic0", AttachMode.Native, ConditionStatus.False, ConditionStatus.True)]
    [InlineData("nic0", AttachMode.Generic, ConditionStatus.True, ConditionStatus.True)]
    [InlineData("open0", AttachMode.Native, ConditionStatus.True, ConditionStatus.True)]
    public async Task Attachment_SaysWhetherTheDriverRedirects_AndWhatFramesItShows(
        string name, AttachMode mode, ConditionStatus redirects, ConditionStatus receivesAll)
    {
        await using var core = await CoreFixture.StartAsync(Host());

        var status = (await AttachAsync(core, name, mode)).View.Status;

        Assert.Equal(AttachmentState.Attached, status.State);
        Assert.Equal(redirects, status.Conditions.Single(c => c.Type == ConditionTypes.IngressRedirects).Status);
        Assert.Equal(receivesAll, status.Conditions.Single(c => c.Type == ConditionTypes.IngressReceivesAll).Status);
        Assert.All(status.Conditions, c => Assert.NotNull(c.LastTransitionTime));
        Assert.All(status.Conditions.Where(c => !c.Holds), c => Assert.NotNull(c.Remedy));
    }

    [Fact]
    public async Task Attachment_OfADevmapThatNeedsNoForeignAddresses_SaysNothingOfThem()
    {
        await using var core = await CoreFixture.StartAsync(Host());
        var put = await core.Attachments.PutAsync("addresses", "nic0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());
        Assert.DoesNotContain(put.View.Status.Conditions, c => c.Type == ConditionTypes.IngressReceivesAll);
    }

    private static SimulatedHost Host()
    {
        var host = SimulatedHost.WithInterfaces();
        foreach (var name in (string[])["tun0", "tun1"])
        {
            host.AddInterface(name, "tun", XdpFeatures.None);
            host.ChangeInterface(name, i => i with { CarriesEthernet = false, Mac = null });
        }

        host.AddInterface("veth0");
        host.AddInterface("nic0", null, XdpFeatures.Basic);
        host.ChangeInterface("nic0", i => i with { IsHardware = true });
        host.AddInterface("open0", null, XdpFeatures.Basic | XdpFeatures.Redirect);
        host.ChangeInterface("open0", i => i with { IsHardware = true, IsPromiscuous = true });
        return host;
    }

    private static Task<ControlPlane.Core.Api.PutOutcome<Attachment>> AttachAsync(CoreFixture core, string name, AttachMode mode) =>
        core.Attachments.PutAsync("vlans", name, new AttachmentSpec(mode), false, RequestContext.OfDaemon());

    private static AttachmentStatus Attachment(CoreFixture core, string name) => core.Attachments.Get("vlans", name, RequestContext.OfDaemon()).Status;
}
