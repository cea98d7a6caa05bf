using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Simulation;
using ControlPlane.TestCommon;

namespace ControlPlane.UnitTests.Core;

/// <summary>The fate of what rides beside frames: checksums, the size of segments, VLAN tags.</summary>
public sealed class BesideFrameTests
{
    private const Offloads Sends = Offloads.SendsPartialChecksums | Offloads.SendsSegments | Offloads.SendsTagsBeside;

    private static readonly DevmapRecord Left = new("left", new DevmapSpec(64, CompleteChecksums: CompleteChecksums.Off));

    [Theory]
    [InlineData("veth", AttachMode.Tcx, Sends, BesideFate.Kept, BesideFate.Kept, BesideFate.Kept)]
    [InlineData("veth", AttachMode.Native, Sends, BesideFate.Lost, BesideFate.Kept, BesideFate.Lost)]
    [InlineData("veth", AttachMode.Generic, Sends, BesideFate.Hidden, BesideFate.Lost, BesideFate.Hidden)]
    [InlineData("veth", AttachMode.Native, Offloads.None, BesideFate.Kept, BesideFate.Kept, BesideFate.Kept)]
    [InlineData("veth", AttachMode.Generic, Offloads.None, BesideFate.Kept, BesideFate.Kept, BesideFate.Kept)]
    [InlineData("veth", AttachMode.Native, null, BesideFate.Unseen, BesideFate.Kept, BesideFate.Unseen)]
    [InlineData("veth", AttachMode.Generic, null, BesideFate.Unseen, BesideFate.Unseen, BesideFate.Unseen)]
    [InlineData(null, AttachMode.Native, Offloads.ReceivesTagsBeside, BesideFate.Kept, BesideFate.Kept, BesideFate.Lost)]
    [InlineData(null, AttachMode.Generic, Offloads.ReceivesTagsBeside, BesideFate.Kept, BesideFate.Kept, BesideFate.Hidden)]
    [InlineData(null, AttachMode.Generic, Offloads.None, BesideFate.Kept, BesideFate.Kept, BesideFate.Kept)]
    [InlineData("bridge", AttachMode.Generic, Offloads.None, BesideFate.Kept, BesideFate.Unseen, BesideFate.Hidden)]
    [InlineData("newkind", AttachMode.Native, Offloads.None, BesideFate.Unseen, BesideFate.Kept, BesideFate.Unseen)]
    public void Fates_FollowFromTheKindTheModeAndTheOffloads(
        string? kind, AttachMode mode, Offloads? offloads, BesideFate checksums, BesideFate segments, BesideFate tags)
    {
        var ingress = new InterfaceInfo(2, "in0") { Kind = kind, Offloads = kind == "veth" ? Offloads.None : offloads, PeerOffloads = offloads };
        Assert.Equal(new BesideFrames(checksums, segments, tags), BesideFrames.Of(Left.Spec, ingress, null, mode));
        var completed = BesideFrames.Of(Left.Spec with { CompleteChecksums = CompleteChecksums.On }, ingress, null, mode);
        Assert.Equal(new BesideFrames(mode == AttachMode.Native ? BesideFate.Kept : checksums, segments, tags), completed);
    }

    [Theory]
    [InlineData(false, AttachMode.Native, BesideFate.Kept, BesideFate.Kept)]
    [InlineData(true, AttachMode.Native, BesideFate.Kept, BesideFate.Unseen)]
    [InlineData(true, AttachMode.Generic, BesideFate.Kept, BesideFate.Unseen)]
    [InlineData(true, AttachMode.Tcx, BesideFate.Kept, BesideFate.Kept)]
    public void Tap_DependsOnItsUser(bool hasHeader, AttachMode mode, BesideFate checksums, BesideFate segments)
    {
        var tap = new InterfaceInfo(2, "tap0") { Kind = "tun", HasVirtioHeader = hasHeader };
        Assert.Equal(new BesideFrames(checksums, segments, BesideFate.Kept), BesideFrames.Of(new DevmapSpec(4), tap, null, mode));
    }

    [Theory]
    [InlineData("ingress", AttachMode.Native, null, EntryState.Forwarding, "TagsLost")]
    [InlineData("ingress", AttachMode.Native, "pop", EntryState.Undeliverable, "TagsLost")]
    [InlineData("ingress", AttachMode.Native, "push", EntryState.Undeliverable, "TagsLost")]
    [InlineData("ingress", AttachMode.Native, "seen", EntryState.Forwarding, "TagsLost")]
    [InlineData("vlans", AttachMode.Native, null, EntryState.Undeliverable, "TagsLost")]
    [InlineData("left", AttachMode.Native, null, EntryState.Undeliverable, "ChecksumsAndTagsLost")]
    [InlineData("ingress", AttachMode.Generic, null, EntryState.Undeliverable, "SegmentsLost")]
    [InlineData("vlans", AttachMode.Generic, null, EntryState.Undeliverable, "SegmentsAndTagsLost")]
    [InlineData("vlans", AttachMode.Tcx, null, EntryState.Forwarding, "NothingLost")]
    public async Task Loss_CountsForAnEntry_WhereItsFramesNeedWhatIsLost(string devmap, AttachMode mode, string? program, EntryState state, string reason)
    {
        await using var core = await StartAsync(Sends);
        await core.PutProgramAsync("pop", "popVlan");
        await core.PutProgramAsync("seen", "count");
        await core.Programs.PutAsync("push", new EgressProgramSpec(TestPrograms.PushVlan(7)), RequestContext.OfDaemon());

        var attachment = (await core.Attachments.PutAsync(devmap, "sim0", new AttachmentSpec(mode), false, RequestContext.OfDaemon())).View.Status;
        var entry = (await core.PutAsync(devmap, devmap == "vlans" ? "10" : "sim0", "sim1", program)).View.Status;

        var condition = attachment.Conditions.Single(c => c.Type == ConditionTypes.IngressKeepsFrames);
        Assert.Equal((AttachmentState.Attached, reason), (attachment.State, condition.Reason));
        Assert.Equal(condition.Holds, condition.Remedy is null);
        Assert.NotNull(condition.LastTransitionTime);
        Assert.Equal(state, entry.State);
        Assert.Equal(state == EntryState.Forwarding ? 0 : 1, entry.Conditions.Count(c => c.Type == ConditionTypes.IngressKeepsFrames && c.Status == ConditionStatus.False));
    }

    [Fact]
    public async Task SegmentsAreKept_WhereTheTargetTakesAllOfThem()
    {
        await using var core = await StartAsync(Sends);
        await core.Attachments.PutAsync("ingress", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());
        core.Host.ChangeInterface("sim1", i => i with { Mtu = 65535 });

        Assert.Equal(EntryState.Forwarding, (await core.PutAsync("ingress", "sim0", "sim1")).View.Status.State);
    }

    [Theory]
    [InlineData(null, Offloads.SendsPartialChecksums, EntryState.Forwarding)]
    [InlineData(null, Offloads.None, EntryState.Undeliverable)]
    [InlineData(null, null, EntryState.Unverified)]
    [InlineData("tun", Offloads.None, EntryState.Undeliverable)]
    [InlineData("tun with a header", Offloads.None, EntryState.Unverified)]
    [InlineData("macsec", Offloads.None, EntryState.Undeliverable)]
    [InlineData("veth", Offloads.None, EntryState.Forwarding)]
    [InlineData("bridge", null, EntryState.Forwarding)]
    public async Task GenericMode_LeavesChecksumsToTheTarget(string? kind, Offloads? target, EntryState state)
    {
        await using var core = await StartAsync(Sends);
        await core.Attachments.PutAsync("ingress", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());
        core.Host.ChangeInterface("sim1", i => i with { Kind = kind?.Split(' ')[0], HasVirtioHeader = kind?.Contains("header", StringComparison.Ordinal) == true, Mtu = 65535, Offloads = target });

        var status = (await core.PutAsync("ingress", "sim0", "sim1")).View.Status;

        Assert.Equal(state, status.State);
        if (state == EntryState.Undeliverable)
            Assert.Equal("ChecksumsLost", status.Conditions.Single(c => c.Type == ConditionTypes.IngressKeepsFrames).Reason);
    }

    [Theory]
    [InlineData("ingress", AttachMode.Native, EntryState.Forwarding)]
    [InlineData("vlans", AttachMode.Native, EntryState.Unverified)]
    [InlineData("ingress", AttachMode.Generic, EntryState.Unverified)]
    [InlineData("vlans", AttachMode.Tcx, EntryState.Forwarding)]
    public async Task PeerThatCannotBeSeen_IsUnverifiedWhereItMatters(string devmap, AttachMode mode, EntryState state)
    {
        await using var core = await StartAsync(null);
        await core.Attachments.PutAsync(devmap, "sim0", new AttachmentSpec(mode), false, RequestContext.OfDaemon());

        var status = (await core.PutAsync(devmap, devmap == "vlans" ? "10" : "sim0", "sim1")).View.Status;

        Assert.Equal(state, status.State);
        if (state == EntryState.Unverified)
            Assert.Equal("OffloadsUnseen", status.Conditions.Single(c => c.Type == ConditionTypes.IngressKeepsFrames).Reason);
    }

    [Theory]
    [InlineData(AttachMode.Native, ExplainOutcome.Leaves, "TagsLost", 1014, 0)]
    [InlineData(AttachMode.Generic, ExplainOutcome.Leaves, "Forwarded", 1018, 100)]
    [InlineData(AttachMode.Tcx, ExplainOutcome.Leaves, "Forwarded", 1018, 100)]
    public async Task Explanation_HasTheBytesAndTheTagThatLeave(AttachMode mode, ExplainOutcome outcome, string reason, int bytes, int vlan)
    {
        await using var core = await StartAsync(Sends);
        await core.Attachments.PutAsync("ingress", "sim0", new AttachmentSpec(mode), false, RequestContext.OfDaemon());
        await core.PutAsync("ingress", "sim0", "sim1");

        var explained = core.Explanations.Explain("ingress", new ExplainQuery("sim0", Vlan: 100, Length: 1000), RequestContext.OfDaemon());

        Assert.Equal((outcome, reason), (explained.Verdict.Outcome, explained.Verdict.Reason));
        Assert.Equal((bytes, vlan), (explained.Verdict.Leaving!.Bytes, explained.Verdict.Leaving.Vlan));
        Assert.Equal(1018, explained.Frame.Bytes);
        Assert.Equal(mode == AttachMode.Tcx ? 0 : 1, explained.Steps.Count(s => s.Type == ConditionTypes.IngressKeepsFrames));
    }

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public async Task Explanation_OfAVlan_SaysThatItsFramesCountAsUntagged(AttachMode mode)
    {
        await using var core = await StartAsync(Sends);
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(mode), false, RequestContext.OfDaemon());
        await core.PutAsync("vlans", "100", "sim1");

        var missed = core.Explanations.Explain("vlans", new ExplainQuery("100"), RequestContext.OfDaemon());
        Assert.Equal((ExplainOutcome.Passed, "TagsLost", 0u), (missed.Verdict.Outcome, missed.Verdict.Reason, missed.KernelKey!.Value));
        Assert.NotNull(missed.Verdict.Remedy);

        await core.PutAsync("vlans", "0", "sim2");
        var other = core.Explanations.Explain("vlans", new ExplainQuery("100", Length: 100), RequestContext.OfDaemon()).Verdict;
        Assert.Equal((ExplainOutcome.Leaves, "sim2", mode == AttachMode.Native ? 0 : 100), (other.Outcome, other.Leaving!.Interface, (int)other.Leaving.Vlan));
        var untagged = core.Explanations.Explain("vlans", new ExplainQuery("0", Length: 100), RequestContext.OfDaemon()).Verdict;
        Assert.Equal((ExplainOutcome.Leaves, "Forwarded"), (untagged.Outcome, untagged.Reason));
    }

    [Fact]
    public async Task Explanation_WhereThePeerCannotBeSeen_IsUnknownForATag()
    {
        await using var core = await StartAsync(null);
        await core.Attachments.PutAsync("ingress", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await core.PutAsync("ingress", "sim0", "sim1");

        Assert.Equal(ExplainOutcome.Unknown, core.Explanations.Explain("ingress", new ExplainQuery("sim0", Vlan: 100), RequestContext.OfDaemon()).Verdict.Outcome);
        Assert.Equal(ExplainOutcome.Leaves, core.Explanations.Explain("ingress", new ExplainQuery("sim0"), RequestContext.OfDaemon()).Verdict.Outcome);
    }

    [Fact]
    public async Task Explanation_OfAnEntryWithAProgramBehindTcx_HasEvidence()
    {
        await using var core = await StartAsync(Sends);
        await core.PutProgramAsync("seen", "count");
        await core.Attachments.PutAsync("ingress", "sim0", new AttachmentSpec(AttachMode.Tcx), false, RequestContext.OfDaemon());
        await core.PutAsync("ingress", "sim0", "sim1", "seen");

        var explained = core.Explanations.Explain("ingress", new ExplainQuery("sim0"), RequestContext.OfDaemon());

        Assert.Contains(explained.Steps, s => s.Type == ConditionTypes.EgressProgramApplies && s.Evidence.Count > 0);
    }

    [Theory]
    [InlineData(AttachMode.Tcx, "EgressProgramApplies", "native")]
    [InlineData(AttachMode.Native, "IngressKeepsFrames", "tcx")]
    [InlineData(AttachMode.Native, "TargetAcceptsRedirect", "generic")]
    public async Task Remedy_ThatChangesTheMode_KeepsTheRestOfTheAttachment(AttachMode mode, string condition, string remedy)
    {
        await using var core = await StartAsync(null);
        core.Host.ChangeInterface("sim0", i => i with { Kind = "newkind" });
        core.Host.ChangeInterface("sim1", i => i with { Kind = "newkind", XdpFeatures = XdpFeatures.None });
        await core.PutProgramAsync("seen", "count");
        await core.Attachments.PutAsync(
            "ingress", "sim0", new AttachmentSpec(mode, Promiscuous.Off, Labels.Of([new("rack", "7")]), "me"), false, RequestContext.OfDaemon());

        var status = (await core.PutAsync("ingress", "sim0", "sim1", "seen")).View.Status;

        Assert.Equal(
            $$$"""putAttachment devmap=ingress interfaceName=sim0 {"mode":"{{{remedy}}}","promiscuous":"off","labels":{"rack":"7"},"owner":"me"}""",
            status.Conditions.Single(c => c.Type.Name == condition).Remedy!.Call!.ToString());
    }

    private static Task<CoreFixture> StartAsync(Offloads? peer)
    {
        var host = SimulatedHost.WithInterfaces();
        host.ChangeInterface("sim0", i => i with { PeerOffloads = peer });
        return CoreFixture.StartAsync(host, devmaps: [CoreFixture.Vlans, CoreFixture.Ingress, Left]);
    }
}
