using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Simulation;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>On a kernel that does not report xdp-features nothing unknown counts as true.</summary>
public sealed class UnverifiedTests
{
    private static readonly DevmapRecord Left = new("left", new DevmapSpec(64, KeySelector: KeySelector.Vlan, EnsureTargets: EnsureTargets.Off));

    [Theory]
    [InlineData("veth with a pass program", "vlans", "out", EntryState.Forwarding, "PassProgram")]
    [InlineData("veth whose peer has no program", "left", "out", EntryState.Unverified, "FeaturesUnseen")]
    [InlineData("veth whose peer has a program", "left", "busy", EntryState.Forwarding, "PeerWithXdp")]
    [InlineData("bridge", "vlans", "br0", EntryState.Undeliverable, "NoNdoXmit")]
    [InlineData("VLAN device", "left", "eth0.7", EntryState.Undeliverable, "NoNdoXmit")]
    [InlineData("loopback", "vlans", "lo", EntryState.Undeliverable, "NoNdoXmit")]
    [InlineData("tap", "left", "tap0", EntryState.Forwarding, "Tap")]
    [InlineData("hardware whose driver has no XDP", "vlans", "old0", EntryState.Undeliverable, "NoNativeXdp")]
    [InlineData("bond", "left", "bond0", EntryState.Unverified, "FeaturesUnseen")]
    [InlineData("bond that is down", "left", "down0", EntryState.Undeliverable, "FeaturesUnseen")]
    public async Task Target_ItsKindOrAProgramSettlesIt_OrItIsUnverified(string what, string devmap, string target, EntryState state, string reason)
    {
        await using var core = await StartAsync();

        var status = (await core.PutAsync(devmap, "10", target)).View.Status;

        var condition = status.Conditions.Single(c => c.Type == ConditionTypes.TargetAcceptsRedirect);
        Assert.True((state, reason) == (status.State, condition.Reason), $"{what}: {status.State} {condition}");
        Assert.Equal(reason == "FeaturesUnseen" ? ConditionStatus.Unknown : state == EntryState.Forwarding ? ConditionStatus.True : ConditionStatus.False, condition.Status);
        Assert.Equal(state, Assert.Single(core.List(devmap, new EntryQuery(State: state)).Entries).Status.State);
        Assert.Equal(condition.Holds && status.State == EntryState.Forwarding, core.Interfaces.Get(target).CanBeTarget);
    }

    [Fact]
    public async Task Explanation_OfAnUnverifiedEntry_IsUnknown()
    {
        await using var core = await StartAsync();
        await core.PutAsync("left", "10", "bond0");
        await core.Attachments.PutAsync("left", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());

        var verdict = core.Explanations.Explain("left", new ExplainQuery("10"), RequestContext.OfDaemon()).Verdict;

        Assert.Equal((ExplainOutcome.Unknown, "FeaturesUnseen"), (verdict.Outcome, verdict.Reason));
        Assert.Equal(new AttachmentWrite("left", "sim0").With("mode", "generic"), verdict.Remedy!.Call);
    }

    [Fact]
    public async Task PeerInAnotherNamespace_WhoseMtuIsNotTold_IsUnverified()
    {
        var host = SimulatedHost.WithInterfaces();
        host.ChangeInterface("sim1", i => i with { LinkIfindex = 2, LinkNetnsId = 0 });
        await using var core = await CoreFixture.StartAsync(host);
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());

        var status = (await core.PutAsync("vlans", "10", "sim1")).View.Status;

        Assert.Equal(EntryState.Unverified, status.State);
        Assert.Equal("PeerMtuUnseen", Assert.Single(status.Conditions, c => c.Status == ConditionStatus.Unknown).Reason);
    }

    private static Task<CoreFixture> StartAsync()
    {
        const XdpFeatures some = XdpFeatures.Basic | XdpFeatures.Redirect;
        var host = new SimulatedHost { ReportsXdpFeatures = false };
        host.AddInterface("sim0");
        host.AddPair("out", "out-peer");
        host.AddPair("busy", "busy-peer");
        host.ChangeInterface("busy-peer", i => i with { XdpMode = AttachMode.Native, XdpProgramId = 7 });
        host.AddInterface("br0", "bridge", XdpFeatures.None);
        host.AddInterface("eth0.7", "vlan", XdpFeatures.None);
        host.AddInterface("tap0", "tun", some | XdpFeatures.NdoXmit);
        host.AddInterface("old0", null, XdpFeatures.None);
        host.AddInterface("bond0", "bond", some);
        host.AddInterface("down0", "bond", some);
        host.ChangeInterface("down0", i => i with { IsUp = false });
        return CoreFixture.StartAsync(host, devmaps: [CoreFixture.Vlans, Left]);
    }
}
