using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Simulation;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>Explanations of frames on a simulated host: every end there is, and the step that decides it.</summary>
public sealed class ExplainTests
{
    private const string Address = "10.0.0.7";

    [Fact]
    public async Task RewriteMac_Leaves_WithTheAddressesTheProgramSets()
    {
        await using var core = await SteeringAsync();
        await core.Programs.PutAsync(
            "to-router", new EgressProgramSpec(TestPrograms.RewriteMac(new MacAddress(0x02_00_00_00_00_0b), new MacAddress(0x02_00_00_00_00_0c))), RequestContext.OfDaemon());
        await core.Programs.SetOfInterfaceAsync("sim1", "to-router", RequestContext.OfDaemon());

        var explanation = Explain(core, "addresses", Frame with { Vlan = 100, Length = 1400 });

        Assert.Equal(
            new LeavingFrame("sim1", 1418, 100, new MacAddress(0x02000000000b), new MacAddress(0x02000000000c)), explanation.Verdict.Leaving);
        Assert.Equal((ExplainOutcome.Leaves, "Forwarded", (Remedy?)null), (explanation.Verdict.Outcome, explanation.Verdict.Reason, explanation.Verdict.Remedy));
        Assert.Equal(
            [
                ConditionTypes.IngressReceives, ConditionTypes.IngressAttached, ConditionTypes.KeyFound, ConditionTypes.InKernel, ConditionTypes.InterfaceUp,
                ConditionTypes.CarrierPresent, ConditionTypes.TargetAcceptsRedirect, ConditionTypes.MtuSufficient, ConditionTypes.EgressProgramRun,
            ],
            explanation.Steps.Select(s => s.Type));
        Assert.All(explanation.Steps, s => Assert.True(s.Holds));
        Assert.Equal((Address, 0x0a000007u), (explanation.Key, explanation.KernelKey!.Value));
    }

    [Theory]
    [InlineData("pushVlan", 0, 1000, 1018, 7)]
    [InlineData("popVlan", 100, 1000, 1014, 0)]
    [InlineData("count", 100, 1000, 1018, 100)]
    public async Task Tags_AreToldAsTheyLeave(string template, int vlan, int length, int bytes, int leavesIn)
    {
        await using var core = await SteeringAsync();
        await core.Programs.PutAsync("tags", new EgressProgramSpec(TestPrograms.Of(EgressTemplate.Set.Named(template), default, default, 7)), RequestContext.OfDaemon());
        await core.Programs.SetOfInterfaceAsync("sim1", "tags", RequestContext.OfDaemon());

        var leaving = Explain(core, "addresses", Frame with { Vlan = vlan, Length = length }).Verdict.Leaving;

        Assert.Equal(new LeavingFrame("sim1", bytes, (ushort)leavesIn, null, null), leaving);
    }

    [Theory]
    [InlineData(0, 1404, true)] // the room for a tag is there for a frame without one, too
    [InlineData(0, 1405, false)]
    [InlineData(100, 1400, true)]
    [InlineData(100, 1401, false)]
    public async Task Length_IsComparedWithTheMtuExactly(int vlan, int length, bool leaves)
    {
        await using var core = await SteeringAsync();
        core.Host.ChangeInterface("sim1", i => i with { Mtu = 1400 });

        var verdict = Explain(core, "addresses", Frame with { Vlan = vlan, Length = length }).Verdict;

        Assert.Equal(leaves ? (ExplainOutcome.Leaves, "Forwarded") : (ExplainOutcome.Dropped, "FrameTooLong"), (verdict.Outcome, verdict.Reason));
        Assert.Equal(leaves, verdict.Remedy is null);
    }

    [Fact]
    public async Task NoLength_IsJudgedAsTheEntryIs()
    {
        await using var core = await SteeringAsync();
        core.Host.ChangeInterface("sim1", i => i with { Mtu = 1400 });

        Assert.Equal(EntryState.Undeliverable, core.Entries.Get("addresses", Address).Status.State);
        Assert.Equal("IngressMtuLarger", Explain(core, "addresses", Frame).Verdict.Reason);
    }

    [Fact]
    public async Task PushedTag_MakesTheFrameTooLongForThePeer()
    {
        await using var core = await SteeringAsync();
        core.Host.ChangeInterface("sim1", i => i with { PeerMtu = 1400 });
        await core.Programs.PutAsync("tags", new EgressProgramSpec(TestPrograms.PushVlan(7)), RequestContext.OfDaemon());
        await core.Programs.SetOfInterfaceAsync("sim1", "tags", RequestContext.OfDaemon());

        Assert.Equal(ExplainOutcome.Leaves, Explain(core, "addresses", Frame with { Length = 1400 }).Verdict.Outcome);
        var verdict = Explain(core, "addresses", Frame with { Vlan = 100, Length = 1400 }).Verdict;
        Assert.Equal((ExplainOutcome.Dropped, "FrameTooLongForPeer"), (verdict.Outcome, verdict.Reason));
    }

    [Fact]
    public async Task DropTemplate_Drops()
    {
        await using var core = await SteeringAsync();
        await core.PutProgramAsync("nothing", "drop");
        await core.Programs.SetOfInterfaceAsync("sim1", "nothing", RequestContext.OfDaemon());

        var explanation = Explain(core, "addresses", Frame);

        Assert.Equal((ExplainOutcome.Dropped, "TemplateDrops"), (explanation.Verdict.Outcome, explanation.Verdict.Reason));
        Assert.Equal((ConditionTypes.EgressProgramRun, false, "Drops"), (explanation.Steps[^1].Type, explanation.Steps[^1].Holds, explanation.Steps[^1].Reason));
    }

    [Fact]
    public async Task Miss_TakesTheMissAction()
    {
        await using var core = await SteeringAsync();

        var missed = Explain(core, "addresses", Frame with { Dst = "10.0.0.8" }).Verdict;
        var unkeyed = Explain(core, "addresses", Frame with { Dst = null }).Verdict;

        Assert.Equal((ExplainOutcome.Passed, "NoEntry"), (missed.Outcome, missed.Reason));
        Assert.Equal(Calls.PutEntry("addresses", "10.0.0.8", "sim1"), missed.Remedy!.Call);
        Assert.Equal((ExplainOutcome.Passed, "NoIpv4"), (unkeyed.Outcome, unkeyed.Reason));
    }

    [Fact]
    public async Task NoRedirectProgram_PassesOrIsAnothersToDecide()
    {
        await using var core = await SteeringAsync();
        await core.Attachments.PutAsync("ingress", "sim2", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());

        var bare = Explain(core, "addresses", Frame with { Ingress = "sim3" }).Verdict;
        var other = Explain(core, "addresses", Frame with { Ingress = "sim2" }).Verdict;
        core.Host.ChangeInterface("sim3", i => i with { XdpProgramId = 9001 });
        var foreign = Explain(core, "addresses", Frame with { Ingress = "sim3" }).Verdict;
        core.Host.DetachByHand("addresses", "sim0");
        var detached = Explain(core, "addresses", Frame).Verdict;

        Assert.Equal((ExplainOutcome.Passed, "NotAttached"), (bare.Outcome, bare.Reason));
        Assert.Equal((ExplainOutcome.Unknown, "OtherDevmap"), (other.Outcome, other.Reason));
        Assert.Equal("GET /v1/devmaps/ingress:explain?ingress=sim2", CallText.RestLine(other.Remedy!));
        Assert.Equal((ExplainOutcome.Unknown, "OtherProgram"), (foreign.Outcome, foreign.Reason));
        Assert.Equal((ExplainOutcome.Passed, "Detached"), (detached.Outcome, detached.Reason));
    }

    [Fact]
    public async Task PassProgramOnTheIngress_PassesAsItsNameSays()
    {
        var host = SimulatedHost.WithInterfaces();
        host.AddPair("near", "far");
        await using var core = await SteeringAsync(host);
        await core.PutAsync("addresses", "10.0.0.8", "near");
        Assert.NotNull(host.Interfaces.Find("far")!.XdpProgramId);

        var verdict = Explain(core, "addresses", Frame with { Ingress = "far" }).Verdict;

        Assert.Equal((ExplainOutcome.Passed, "PassProgram"), (verdict.Outcome, verdict.Reason));
        Assert.Contains("'near'", verdict.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FrameThatDoesNotComeIn_IsNotReceived()
    {
        await using var core = await SteeringAsync();
        await core.PutAsync("ingress", "late0", "sim1", allowPending: true);
        await core.PutAsync("ingress", "999", "sim1");
        await core.PutAsync("vlans", "5000", "sim1");

        Assert.Equal("FrameTooLong", NotReceived(core, "addresses", Frame with { Length = 1505 }));
        Assert.Equal("NoSuchInterface", NotReceived(core, "ingress", new ExplainQuery("late0")));
        Assert.Equal("NoSuchIngress", NotReceived(core, "ingress", new ExplainQuery("999")));
        Assert.Equal("NoVlanId", NotReceived(core, "vlans", new ExplainQuery("5000")));
        core.Host.ChangeInterface("sim0", i => i with { HasCarrier = false });
        Assert.Equal("NoCarrier", NotReceived(core, "addresses", Frame));
        core.Host.ChangeInterface("sim0", i => i with { IsUp = false });
        Assert.Equal("AdministrativelyDown", NotReceived(core, "addresses", Frame));
    }

    [Fact]
    public async Task ElementThatOthersChanged_DecidesAndIsTold()
    {
        await using var core = await SteeringAsync();
        var key = core.Entries.Get("addresses", Address).Status.KernelKey!.Value;
        core.Host.SetElementByHand("addresses", key, new KernelEntry(core.Host.Interfaces.Find("sim2")!.Ifindex, 0));
        core.Host.SetElementByHand("addresses", key + 1, new KernelEntry(core.Host.Interfaces.Find("sim3")!.Ifindex, 0));
        core.Host.SetElementByHand("addresses", key + 2, new KernelEntry(core.Host.Interfaces.Find("sim3")!.Ifindex, 9001));

        var changed = Explain(core, "addresses", Frame);
        var foreign = Explain(core, "addresses", Frame with { Dst = "10.0.0.8" });
        var program = Explain(core, "addresses", Frame with { Dst = "10.0.0.9" });

        Assert.Equal(("OtherInterface", "POST /v1/devmaps/addresses:audit"), Fault(changed));
        Assert.Equal("sim2", changed.Verdict.Leaving?.Interface);
        Assert.Equal(("NotDesired", "POST /v1/devmaps/addresses:audit"), Fault(foreign));
        Assert.Equal("sim3", foreign.Verdict.Leaving?.Interface);
        Assert.Equal((ExplainOutcome.Unknown, "NotDesired"), (program.Verdict.Outcome, program.Verdict.Reason));

        core.Host.SetElementByHand("addresses", key, null);
        var missing = Explain(core, "addresses", Frame);
        Assert.Equal((ExplainOutcome.Passed, "Missing"), (missing.Verdict.Outcome, missing.Verdict.Reason));
    }

    [Fact]
    public async Task SlotThatOthersEmptied_TakesTheMissAction()
    {
        await using var core = await SteeringAsync();
        core.Host.EmptySlotByHand("addresses");

        var verdict = Explain(core, "addresses", Frame).Verdict;

        Assert.Equal((ExplainOutcome.Passed, "SlotEmpty", CommonRemedies.Audit("addresses")), (verdict.Outcome, verdict.Reason, verdict.Remedy));
    }

    [Fact]
    public async Task PendingEntry_TakesTheMissAction()
    {
        await using var core = await SteeringAsync();
        await core.PutAsync("addresses", "10.0.0.8", "late0", allowPending: true);

        var verdict = Explain(core, "addresses", new ExplainQuery("10.0.0.8")).Verdict;

        Assert.Equal((ExplainOutcome.Passed, "NoSuchInterface"), (verdict.Outcome, verdict.Reason));
        Assert.Equal("Create the interface 'late0'.", verdict.Remedy!.Summary);
    }

    [Fact]
    public async Task EntriesThatDisagree_LeaveTheFrameUncertain()
    {
        var host = SimulatedHost.WithInterfaces();
        await using (var core = await SteeringAsync(host))
        {
            await core.PutProgramAsync("seen", "count");
            await core.Programs.SetOfInterfaceAsync("sim1", "seen", RequestContext.OfDaemon());
            host.SetElementByHand("addresses", 1, new KernelEntry(host.Interfaces.Find("sim1")!.Ifindex, 0));
        }

        await using var adopted = await CoreFixture.StartAsync(host);
        var verdict = Explain(adopted, "addresses", Frame).Verdict;

        Assert.Equal((ExplainOutcome.Unknown, "EntriesDisagree"), (verdict.Outcome, verdict.Reason));
    }

    [Fact]
    public async Task KeyHeldByAnotherEntry_FollowsThatEntry()
    {
        await using var core = await SteeringAsync();
        await core.PutAsync("ingress", "6", "sim1");
        await core.PutAsync("ingress", "late0", "sim2", allowPending: true);
        Assert.Equal(6u, core.Host.AddInterface("late0"));
        await core.Attachments.PutAsync("ingress", "late0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        for (var i = 0; i < 1000 && core.Entries.Get("ingress", "late0").Status.State != EntryState.Failed; i++)
            await Task.Delay(10);

        var explanation = Explain(core, "ingress", new ExplainQuery("late0"));

        var conflict = Assert.Single(explanation.Steps, s => !s.Holds);
        Assert.Equal(core.Entries.Get("ingress", "late0").Status.Conditions[0].Reason, conflict.Reason);
        Assert.Equal("sim1", explanation.Verdict.Leaving?.Interface);
    }

    [Fact]
    public async Task SeveralIngresses_TheStrictestIsJudgedAndEachCanBeAskedFor()
    {
        await using var core = await SteeringAsync();
        await core.Attachments.PutAsync("addresses", "sim2", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());
        core.Host.ChangeInterface("sim1", i => i with { XdpFeatures = XdpFeatures.Basic });

        var any = Explain(core, "addresses", Frame with { Ingress = null });

        Assert.Equal((ExplainOutcome.Dropped, "PeerWithoutXdp"), (any.Verdict.Outcome, any.Verdict.Reason));
        Assert.Contains("2 interfaces", any.Steps[0].Message, StringComparison.Ordinal);
        Assert.Contains(("attachments", "sim0 native, sim2 generic"), any.Steps[0].Evidence);
        Assert.Equal(ExplainOutcome.Dropped, Explain(core, "addresses", Frame).Verdict.Outcome);
        Assert.Equal(ExplainOutcome.Leaves, Explain(core, "addresses", Frame with { Ingress = "sim2" }).Verdict.Outcome);
    }

    [Fact]
    public async Task Page_HasALineForEachStepAndTheFinalWordLast()
    {
        await using var core = await SteeringAsync();
        core.Host.ChangeInterface("sim1", i => i with { IsUp = false });

        var lines = ExplanationText.Render(Explain(core, "addresses", Frame with { Length = 1000 }), CallText.RestLine).TrimEnd('\n').Split('\n');

        Assert.Equal($"devmap addresses, key {Address}: a frame by sim0, untagged, to {Address}, 1014 bytes", lines[0]);
        Assert.StartsWith(" 1  ok    IngressReceives        Receives              'sim0' is up", lines[2], StringComparison.Ordinal);
        Assert.Contains(" 5  FAIL  InterfaceUp            AdministrativelyDown  'sim1' is administratively down; the kernel drops frames redirected to it (ENETDOWN).  [interface sim1, ifindex 3]", lines);
        Assert.Contains("          remedy: ip link set dev sim1 up", lines);
        Assert.StartsWith("DROPPED (AdministrativelyDown): 'sim1' is administratively down", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_LeavesNoTrace()
    {
        await using var core = await SteeringAsync();
        var before = core.List("addresses").Entries.Select(e => e.DesiredPart());
        var revision = core.List("addresses").Revision;

        Explain(core, "addresses", Frame);

        Assert.Equal(before, core.List("addresses").Entries.Select(e => e.DesiredPart()));
        Assert.Equal(revision, core.List("addresses").Revision);
    }

    private static ExplainQuery Frame => new(Ingress: "sim0", Dst: Address);

    // Frames from sim0 for the address leave by sim1.
    private static async Task<CoreFixture> SteeringAsync(SimulatedHost? host = null)
    {
        var core = await CoreFixture.StartAsync(host);
        await core.Attachments.PutAsync("addresses", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await core.PutAsync("addresses", Address, "sim1");
        return core;
    }

    private static Explanation Explain(CoreFixture core, string devmap, ExplainQuery query) => core.Explanations.Explain(devmap, query, RequestContext.OfDaemon());

    private static string NotReceived(CoreFixture core, string devmap, ExplainQuery query)
    {
        var verdict = Explain(core, devmap, query).Verdict;
        Assert.Equal(ExplainOutcome.NotReceived, verdict.Outcome);
        return verdict.Reason;
    }

    private static (string, string?) Fault(Explanation explanation)
    {
        var step = Assert.Single(explanation.Steps, s => !s.Holds);
        return (step.Reason, step.Remedy is { } remedy ? CallText.RestLine(remedy) : null);
    }
}
