using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Simulation;
using ControlPlane.Storage;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>The actions of entries: how they are written, kept, judged, explained and counted.</summary>
public sealed class ActionTests
{
    private static readonly MacAddress _source = new(0x02000000000a);
    private static readonly MacAddress _destination = new(0x02000000000b);
    private static readonly EntryActions _toRouter = new(_source, _destination, PushVlan: 100, DecrementTtl: true);

    [Fact]
    public async Task Put_BringsActionsIntoTheKernel_WithTheTarget()
    {
        await using var core = await CoreFixture.StartAsync();

        var put = await PutAsync(core, "vlans", "10", "sim0", _toRouter);

        Assert.Equal(_toRouter, put.View.Spec!.Actions);
        Assert.Equal(_toRouter, Map(core, "vlans").ReadActions(10));
        Assert.Equal(_toRouter, core.Entries.Get("vlans", "10").Spec!.Actions);
    }

    [Fact]
    public async Task Put_SameActions_ChangesNothing()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        var first = await PutAsync(core, "vlans", "10", "sim0", _toRouter);

        var second = await PutAsync(core, "vlans", "10", "sim0", _toRouter with { });

        Assert.Equal((first.View.Revision, 1), (second.View.Revision, gate.Updates));
    }

    [Fact]
    public async Task Put_OtherActions_AreAChange()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        var first = await PutAsync(core, "vlans", "10", "sim0", _toRouter);

        var second = await PutAsync(core, "vlans", "10", "sim0", _toRouter with { PushVlan = 101 });
        Assert.True(second.View.Revision > first.View.Revision);
        Assert.Equal((101, 2), (Map(core, "vlans").ReadActions(10)!.PushVlan!.Value, gate.Updates));

        var third = await PutAsync(core, "vlans", "10", "sim0", null);
        Assert.True(third.View.Revision > second.View.Revision);
        Assert.Null(third.View.Spec!.Actions);
        Assert.Null(Map(core, "vlans").ReadActions(10));
    }

    [Fact]
    public async Task Put_ActionsWithoutAnyThatIsSet_AreNone()
    {
        await using var core = await CoreFixture.StartAsync();
        var first = await PutAsync(core, "vlans", "10", "sim0", null);

        var second = await PutAsync(core, "vlans", "10", "sim0", new EntryActions());

        Assert.Null(second.View.Spec!.Actions);
        Assert.Equal(first.View.Revision, second.View.Revision);
        Assert.Null((new EntrySpec("sim0") with { Actions = new EntryActions(PopVlan: false) }).Actions);
    }

    public static TheoryData<EntryActions, string> Wrong => new()
    {
        { new(SourceMac: new MacAddress(0x010000000001)), "actions.sourceMac" },
        { new(SourceMac: new MacAddress(0)), "actions.sourceMac" },
        { new(DestinationMac: new MacAddress(0)), "actions.destinationMac" },
        { new(SetVlan: 0), "actions.setVlan" },
        { new(SetVlan: 4095), "actions.setVlan" },
        { new(PushVlan: 0), "actions.pushVlan" },
        { new(PushVlan: ushort.MaxValue), "actions.pushVlan" },
        { new(SetVlan: 1, PushVlan: 2), "actions" },
        { new(SetVlan: 1, PopVlan: true), "actions" },
        { new(PushVlan: 1, PopVlan: true), "actions" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Put_ActionsThatNoFrameCanHave_AreRefused(EntryActions actions, string field)
    {
        await using var core = await CoreFixture.StartAsync();

        var error = await CoreFixture.FailsAsync(() => PutAsync(core, "vlans", "10", "sim0", actions));

        Assert.Equal((ErrorCode.InvalidArgument, field), (error.Code, Assert.Single(error.Fields).Field));
    }

    [Fact]
    public async Task Put_SeveralWrongActions_NamesThemAll()
    {
        await using var core = await CoreFixture.StartAsync();

        var error = await CoreFixture.FailsAsync(
            () => PutAsync(core, "vlans", "10", "sim0", new EntryActions(new MacAddress(0x010000000000), new MacAddress(0), 4095, 7, true)));

        Assert.Equal(["actions.sourceMac", "actions.destinationMac", "actions.setVlan", "actions"], error.Fields.Select(f => f.Field));
        Assert.Equal("must have at most one of setVlan, pushVlan and popVlan, not setVlan and pushVlan and popVlan", error.Fields[^1].Message);
    }

    [Fact]
    public async Task Put_GroupAddressAsDestination_IsAllowed()
    {
        await using var core = await CoreFixture.StartAsync();
        var group = new EntryActions(DestinationMac: new MacAddress(0x01005e000001));
        Assert.Equal(group, (await PutAsync(core, "vlans", "10", "sim0", group)).View.Spec!.Actions);
    }

    [Fact]
    public async Task AtomicBatch_KernelRefusesTheSecond_TheFirstHasItsActionsBack()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await PutAsync(core, "vlans", "10", "sim0", _toRouter);
        (gate.Refusal, gate.RefusedUpdate) = (new KernelException("bpf_map_update_elem", Errno.EPERM, "EPERM"), 3);

        await CoreFixture.FailsAsync(() => core.ApplyAsync(
            BatchMode.Atomic, Put("vlans", "10", "sim0", new EntryActions(PopVlan: true)), Put("vlans", "11", "sim0", _toRouter)));

        Assert.Equal(_toRouter, Map(core, "vlans").ReadActions(10));
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "10").Status.State);
    }

    [Fact]
    public async Task Batch_NamesWrongActionsByTheirFields()
    {
        await using var core = await CoreFixture.StartAsync();

        var error = await CoreFixture.FailsAsync(() => core.ApplyAsync(BatchMode.Atomic, Put("vlans", "10", "sim0", new EntryActions(SetVlan: 0))));

        Assert.Equal(["items[0].put.spec.actions.setVlan"], error.Fields.Select(f => f.Field));
    }

    [Fact]
    public void BatchHash_OtherActions_IsAnotherHash()
    {
        string[] hashes =
        [
            .. new EntryActions?[]
            {
                null, new(SourceMac: _source), new(DestinationMac: _source), new(SetVlan: 1), new(PushVlan: 1), new(PopVlan: true), new(DecrementTtl: true),
            }.Select(a => BatchHash.Of(new EntryBatch(BatchMode.Atomic, [Put("vlans", "10", "sim0", a)]), false, false)),
        ];
        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(hashes[1], BatchHash.Of(new EntryBatch(BatchMode.Atomic, [Put("vlans", "10", "sim0", new(SourceMac: _source))]), false, false));
    }

    [Fact]
    public async Task Restart_KeepsActions_AndWritesNothing()
    {
        var (host, store) = (SimulatedHost.WithInterfaces(), new MemoryStore());
        await using (var core = await CoreFixture.StartAsync(host, store: store))
            await PutAsync(core, "vlans", "10", "sim0", _toRouter);

        using var gate = new KernelGate();
        await using var again = await CoreFixture.StartAsync(host, gate.Wrap, store: store);

        Assert.Equal(_toRouter, again.Entries.Get("vlans", "10").Spec!.Actions);
        Assert.Equal((_toRouter, 0), (Map(again, "vlans").ReadActions(10), gate.Updates));
    }

    [Fact]
    public async Task Start_ActionsChangedMeanwhile_AreRestored()
    {
        var (host, store) = (SimulatedHost.WithInterfaces(), new MemoryStore());
        await using (var core = await CoreFixture.StartAsync(host, store: store))
            await PutAsync(core, "vlans", "10", "sim0", _toRouter);
        ChangeByHand(host, "sim0", new EntryActions(PopVlan: true));

        await using var again = await CoreFixture.StartAsync(host, store: store);

        Assert.Equal(_toRouter, Map(again, "vlans").ReadActions(10));
    }

    [Fact]
    public async Task Start_WithoutAStore_AdoptsActions()
    {
        var host = SimulatedHost.WithInterfaces();
        await using (var core = await CoreFixture.StartAsync(host))
            await PutAsync(core, "vlans", "10", "sim0", _toRouter);

        await using var adopted = await CoreFixture.StartAsync(host);

        Assert.Equal(_toRouter, adopted.Entries.Get("vlans", "10").Spec!.Actions);
    }

    [Fact]
    public async Task TargetReturns_WithItsActions()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await PutAsync(core, "vlans", "10", "sim0", _toRouter);
        host.RemoveInterface("sim0");
        await Eventually.Async(() => core.Entries.Get("vlans", "10").Status.State == EntryState.Pending);
        host.AddInterface("sim0");
        await Eventually.Async(() => core.Entries.Get("vlans", "10").Status.State == EntryState.Forwarding);

        Assert.Equal(_toRouter, Map(core, "vlans").ReadActions(10));
    }

    [Fact]
    public async Task SetEgressProgram_KeepsActions()
    {
        await using var core = await CoreFixture.StartAsync();
        await core.PutProgramAsync("seen", "count");
        await PutAsync(core, "vlans", "10", "sim0", _toRouter);
        await PutAsync(core, "vlans", "11", "sim0", new EntryActions(PopVlan: true));

        await core.Programs.SetOfInterfaceAsync("sim0", "seen", RequestContext.OfDaemon());

        Assert.Equal((_toRouter, new EntryActions(PopVlan: true)), (Map(core, "vlans").ReadActions(10), Map(core, "vlans").ReadActions(11)));
        Assert.Equal(("seen", _toRouter), (core.Entries.Get("vlans", "10").Spec!.EgressProgram, core.Entries.Get("vlans", "10").Spec!.Actions));
    }

    [Fact]
    public async Task Audit_ActionsChangedByHand_AreFoundAndRepaired()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await PutAsync(core, "vlans", "10", "sim0", _toRouter);
        var foreign = new EntryActions(PopVlan: true);
        ChangeByHand(host, "sim0", foreign);

        var status = core.Entries.Get("vlans", "10").Status;
        Assert.Equal((EntryState.Undeliverable, "OtherActions"), (status.State, status.Conditions[0].Reason));
        Assert.Contains("the actions popVlan; desired: the actions sourceMac 02:00:00:00:00:0a, destinationMac", status.Conditions[0].Message, StringComparison.Ordinal);

        var report = await core.Audits.AuditAsync("vlans", null, RequestContext.OfDaemon());

        var drift = Assert.Single(report.Drifts);
        Assert.Equal((DriftKind.Changed, "10", true), (drift.Kind, drift.Key, drift.Repaired));
        Assert.Equal((foreign, _toRouter), (drift.Found!.Actions, drift.Desired!.Actions));
        Assert.Equal(_toRouter, Map(core, "vlans").ReadActions(10));
        Assert.Equal(EntryState.Forwarding, core.Entries.Get("vlans", "10").Status.State);
    }

    [Theory]
    [InlineData("vlans", "0", "setVlan", "UntaggedKey", EntryState.Undeliverable)]
    [InlineData("vlans", "0", "popVlan", "UntaggedKey", EntryState.Undeliverable)]
    [InlineData("vlans", "0", "pushVlan", "Applicable", EntryState.Forwarding)]
    [InlineData("vlans", "0", "decrementTtl", "Applicable", EntryState.Forwarding)]
    [InlineData("vlans", "7", "setVlan", "Applicable", EntryState.Forwarding)]
    [InlineData("vlans", "7", "popVlan", "Applicable", EntryState.Forwarding)]
    [InlineData("ingress", "sim1", "setVlan", "Applicable", EntryState.Forwarding)]
    [InlineData("addresses", "10.0.0.7", "popVlan", "Applicable", EntryState.Forwarding)]
    public async Task ActionsApply_IsFalse_WhereNoFrameHasTheTag(string devmap, string key, string action, string reason, EntryState state)
    {
        await using var core = await CoreFixture.StartAsync();

        var status = (await PutAsync(core, devmap, key, "sim0", Named(action))).View.Status;

        var condition = status.Conditions.Single(c => c.Type == ConditionTypes.ActionsApply);
        Assert.Equal((reason, state), (condition.Reason, status.State));
        Assert.Equal(condition.Holds, condition.Remedy is null);
        Assert.Equal(status.Conditions[0].LastTransitionTime, condition.LastTransitionTime);
        Assert.Equal(1, core.StateCounter.Count(devmap)!.Entries[state]);
    }

    [Fact]
    public async Task ActionsApply_NoActions_IsNotReported()
    {
        await using var core = await CoreFixture.StartAsync();
        Assert.DoesNotContain((await core.PutAsync("vlans", "0", "sim0")).View.Status.Conditions, c => c.Type == ConditionTypes.ActionsApply);
    }

    [Theory]
    [InlineData("7", "pushVlan", null, 1500, "IngressMtuLarger")]
    [InlineData("7", "pushVlan", null, 1504, "Sufficient")]
    [InlineData("0", "pushVlan", null, 1500, "Sufficient")]
    [InlineData("7", "setVlan", null, 1500, "Sufficient")]
    [InlineData("7", "popVlan", null, 1496, "Sufficient")]
    [InlineData("7", "popVlan", null, 1495, "IngressMtuLarger")]
    [InlineData("7", "decrementTtl", null, 1499, "IngressMtuLarger")]
    [InlineData("7", "popVlan", "push", 1500, "Sufficient")]
    [InlineData("0", "pushVlan", "push", 1503, "NoRoomForTag")]
    [InlineData("0", "pushVlan", "push", 1504, "Sufficient")]
    [InlineData("7", "pushVlan", "push", 1507, "NoRoomForTag")]
    [InlineData("7", "pushVlan", "push", 1508, "Sufficient")]
    public async Task Mtu_CountsTheTagsThatActionsAddAndRemove(string key, string action, string? program, int mtu, string reason)
    {
        await using var core = await CoreFixture.StartAsync();
        await core.Programs.PutAsync("push", new EgressProgramSpec(TestPrograms.PushVlan(7)), RequestContext.OfDaemon());
        core.Host.ChangeInterface("sim0", i => i with { Mtu = 1500 });
        core.Host.ChangeInterface("sim1", i => i with { Mtu = (uint)mtu, Kind = "bridge" });
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(AttachMode.Generic), false, RequestContext.OfDaemon());

        var condition = await MtuAsync();

        Assert.Equal(reason, condition.Reason);
        if (condition.Holds)
            return;
        // The remedy is enough.
        core.Host.ChangeInterface("sim1", i => i with { Mtu = uint.Parse(condition.Remedy!.Commands[0].Split(' ')[^1], CultureInfo.InvariantCulture) });
        Assert.True((await MtuAsync()).Holds);

        async Task<Condition> MtuAsync() => (await core.Entries.PutAsync(
            "vlans", key, new EntrySpec("sim1", program, Named(action)), new Violations(), default, default)).View.Status.Conditions.Single(c => c.Type == ConditionTypes.MtuSufficient);
    }

    [Theory]
    [InlineData(false, ActionEffects.None, false, 0, 0)]
    [InlineData(true, ActionEffects.None, true, 0, 1)]
    [InlineData(false, ActionEffects.None, true, 0, 0)]
    [InlineData(false, ActionEffects.AddsTag, false, 0, 0)]
    [InlineData(true, ActionEffects.AddsTag, false, 1, 1)]
    [InlineData(false, ActionEffects.AddsTag, true, 0, 1)]
    [InlineData(true, ActionEffects.AddsTag, true, 1, 2)]
    [InlineData(false, ActionEffects.SetsTag, false, 0, 0)]
    [InlineData(false, ActionEffects.SetsTag, true, 0, 1)]
    [InlineData(false, ActionEffects.RemovesTag, false, -1, -1)]
    [InlineData(true, ActionEffects.RemovesTag, false, -1, -1)]
    [InlineData(true, ActionEffects.RemovesTag, true, -1, 0)]
    public void TagGrowth_CountsTagsBeyondTheFirst(bool isTagged, ActionEffects actions, bool programAdds, int atTarget, int atDriver)
    {
        var growth = TagGrowth.Of(new FrameTraits(isTagged, false, actions), programAdds ? EgressTemplate.PushVlan : null, ridesBeside: false);
        Assert.Equal((atTarget, atDriver), (growth.AtTarget, growth.AtDriver));
    }

    [Theory]
    [InlineData(AttachMode.Native, Offloads.SendsTagsBeside, false)]
    [InlineData(AttachMode.Tcx, Offloads.SendsTagsBeside, true)]
    [InlineData(AttachMode.Tcx, Offloads.None, false)]
    [InlineData(AttachMode.Tcx, null, false)]
    public async Task Mtu_OfAVethsPeer_HasRoomForATagThatRidesBeside(AttachMode mode, Offloads? target, bool fits)
    {
        await using var core = await CoreFixture.StartAsync();
        core.Host.ChangeInterface("sim1", i => i with { Kind = "veth", PeerMtu = i.Mtu, Offloads = target });
        await core.Attachments.PutAsync("vlans", "sim0", new AttachmentSpec(mode), false, RequestContext.OfDaemon());

        var status = (await PutAsync(core, "vlans", "7", "sim1", new EntryActions(PushVlan: 8))).View.Status;

        Assert.Equal(fits, status.Conditions.Single(c => c.Type == ConditionTypes.MtuSufficient).Holds);
    }

    [Theory]
    [InlineData("setVlan", EntryState.Undeliverable)]
    [InlineData("pushVlan", EntryState.Undeliverable)]
    [InlineData("popVlan", EntryState.Undeliverable)]
    [InlineData("decrementTtl", EntryState.Forwarding)]
    public async Task TagsThatAreLost_CountForActionsOnTags(string action, EntryState state)
    {
        var host = SimulatedHost.WithInterfaces();
        host.ChangeInterface("sim0", i => i with { PeerOffloads = Offloads.SendsTagsBeside });
        await using var core = await CoreFixture.StartAsync(host);
        await core.Attachments.PutAsync("ingress", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());

        var status = (await PutAsync(core, "ingress", "sim0", "sim1", Named(action))).View.Status;

        Assert.Equal(state, status.State);
        Assert.Equal(state == EntryState.Undeliverable, status.Conditions.Any(c => c.Type == ConditionTypes.IngressKeepsFrames && c.Reason == "TagsLost"));
    }

    [Fact]
    public async Task Drops_OfActions_BelongToTheKey()
    {
        using var gate = new KernelGate();
        await using var core = await CoreFixture.StartAsync(wrap: gate.Wrap);
        await PutAsync(core, "vlans", "10", "sim0", new EntryActions(PopVlan: true));
        var last = DateTimeOffset.UnixEpoch.AddDays(1);
        gate.ActionCounts = [new ActionCount(10, 3, 4, last), new ActionCount(11, 0, 5, DateTimeOffset.UnixEpoch)];

        await Eventually.Async(() => core.Entries.Get("vlans", "10").Status.Expired == 4);
        var status = core.Entries.Get("vlans", "10").Status;
        Assert.Equal([new DropCount(DropCause.ActionFailed, 0, 3, last)], status.Drops);
        await PutAsync(core, "vlans", "11", "sim0", null);
        Assert.Equal(5ul, core.Entries.Get("vlans", "11").Status.Expired);
        Assert.Empty(core.Entries.Get("vlans", "11").Status.Drops);
        Assert.Equal([3ul, 0ul], core.Entries.ListCounters("vlans", new EntryQuery(), RequestContext.OfDaemon()).Counters.Select(c => c.Drops));
        Assert.Null(core.List("vlans", new EntryQuery(View: EntryView.Basic)).Entries[0].Status.Expired);
    }

    [Fact]
    public async Task Explain_Actions_ShowsTheFrameThatComesOutOfThem()
    {
        await using var core = await SteeringAsync(_toRouter);

        var explanation = Explain(core, new ExplainQuery(Ingress: "sim0", Dst: "10.0.0.7", Length: 1000));

        var step = explanation.Steps.Single(s => s.Type == ConditionTypes.ActionsRun);
        var evidence = step.Evidence.ToDictionary(e => e.Name, e => e.Value);
        Assert.Equal(("Applied", "1014", "1018", "100"), (step.Reason, evidence["bytesIn"], evidence["bytesOut"], evidence["vlan"]));
        Assert.Equal("sourceMac 02:00:00:00:00:0a, destinationMac 02:00:00:00:00:0b, pushVlan 100, decrementTtl", evidence["actions"]);
        Assert.StartsWith("02000000000b02000000000a810000640800450003e8000000003f11", evidence["headers"], StringComparison.Ordinal);
        Assert.Equal(new LeavingFrame("sim1", 1018, 100, _source, _destination), explanation.Verdict.Leaving);
        Assert.DoesNotContain(explanation.Steps, s => s.Type == ConditionTypes.ActionsApply);
        Assert.True(explanation.Steps.ToList().FindIndex(s => s.Type == ConditionTypes.ActionsRun) < explanation.Steps.ToList().FindIndex(s => s.Type == ConditionTypes.MtuSufficient));
    }

    [Theory]
    [InlineData(1404, true)]
    [InlineData(1401, true)]
    [InlineData(1405, false)]
    public async Task Explain_ComparesTheMtuWithTheFrameAfterActions(int length, bool leaves)
    {
        await using var core = await SteeringAsync(new EntryActions(PopVlan: true));
        core.Host.ChangeInterface("sim1", i => i with { Mtu = 1400 });

        var explanation = Explain(core, new ExplainQuery(Ingress: "sim0", Dst: "10.0.0.7", Vlan: 7, Length: length));

        Assert.Equal(leaves ? ExplainOutcome.Leaves : ExplainOutcome.Dropped, explanation.Verdict.Outcome);
    }

    [Fact]
    public async Task Explain_ActionThatCannotBeApplied_IsTheEndOfTheFrame()
    {
        await using var core = await SteeringAsync(new EntryActions(SetVlan: 7));

        var explanation = Explain(core, new ExplainQuery(Ingress: "sim0", Dst: "10.0.0.7"));

        Assert.Equal((ExplainOutcome.Dropped, "ActionFailed"), (explanation.Verdict.Outcome, explanation.Verdict.Reason));
        Assert.NotNull(explanation.Verdict.Remedy);
        Assert.Equal(ConditionTypes.ActionsRun, explanation.Steps[^1].Type);
    }

    [Fact]
    public async Task Explain_OtherActionsInTheKernel_DecideTheFrame()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await SteeringAsync(_toRouter, host);
        ChangeByHand(host, "sim1", new EntryActions(PushVlan: 5), "addresses", 0x0a000007);

        var explanation = Explain(core, new ExplainQuery(Ingress: "sim0", Dst: "10.0.0.7"));

        Assert.Equal((ushort)5, explanation.Verdict.Leaving!.Vlan);
        Assert.Contains(explanation.Steps, s => s.Reason == "OtherActions");
    }

    [Fact]
    public async Task VlanDevice_AsTarget_StandsForTheDeviceBelowAndATag()
    {
        var host = WithVlanDevice();
        await using var core = await CoreFixture.StartAsync(host);

        var put = await PutAsync(core, "addresses", "10.0.0.7", "sim1.100", new EntryActions(DestinationMac: _destination));

        var (spec, status) = (put.View.Spec!, put.View.Status);
        Assert.Equal(("sim1.100", new EntryActions(DestinationMac: _destination)), (spec.Interface, spec.Actions));
        Assert.Equal(("sim1", new EntryActions(DestinationMac: _destination, PushVlan: 100)), (status.ResolvedInterface, status.ResolvedActions));
        Assert.Equal((EntryState.Forwarding, host.Interfaces.Find("sim1")!.Ifindex), (status.State, status.Ifindex!.Value));
        Assert.Equal(status.ResolvedActions, Map(core, "addresses").ReadActions(0x0a000007));
        Assert.Empty((await core.Audits.AuditAsync("addresses", null, RequestContext.OfDaemon())).Drifts);
        Assert.Null((await PutAsync(core, "addresses", "10.0.0.8", "sim1", null)).View.Status.ResolvedInterface);
        Assert.Null(core.List("addresses", new EntryQuery(View: EntryView.Basic)).Entries[0].Status.ResolvedInterface);
    }

    [Theory]
    [InlineData("sim1.100")]
    [InlineData("sim1")]
    public async Task VlanDevice_EitherDeviceDown_IsUndeliverable(string down)
    {
        var host = WithVlanDevice();
        await using var core = await CoreFixture.StartAsync(host);
        await PutAsync(core, "addresses", "10.0.0.7", "sim1.100", null);

        host.ChangeInterface(down, i => i with { IsUp = false });

        var status = core.Entries.Get("addresses", "10.0.0.7").Status;
        var condition = status.Conditions.Single(c => c.Type == ConditionTypes.InterfaceUp);
        Assert.Equal((EntryState.Undeliverable, false), (status.State, condition.Holds));
        Assert.Equal([$"ip link set dev {down} up"], condition.Remedy!.Commands);
    }

    [Theory]
    [InlineData("setVlan")]
    [InlineData("pushVlan")]
    [InlineData("popVlan")]
    public async Task VlanDevice_WithAnActionOnTags_IsRefused(string action)
    {
        await using var core = await CoreFixture.StartAsync(WithVlanDevice());

        var error = await CoreFixture.FailsAsync(() => PutAsync(core, "addresses", "10.0.0.7", "sim1.100", Named(action)));

        Assert.Equal((ErrorCode.InterfaceUnsuitable, "actions"), (error.Code, Assert.Single(error.Fields).Field));
    }

    [Fact]
    public async Task VlanDevice_AppearsUnderAnEntryWithAnActionOnTags_FailsTheEntry()
    {
        var host = SimulatedHost.WithInterfaces();
        await using var core = await CoreFixture.StartAsync(host);
        await core.Entries.PutAsync("addresses", "10.0.0.7", new EntrySpec("sim1.100", null, new EntryActions(PushVlan: 7)), new Violations(), default, default, allowPending: true);

        AddVlanDevice(host);

        await Eventually.Async(() => core.Entries.Get("addresses", "10.0.0.7").Status.State == EntryState.Failed);
        Assert.Equal("TwoTagActions", core.Entries.Get("addresses", "10.0.0.7").Status.Conditions[0].Reason);
        Assert.False(Map(core, "addresses").TryLookup(0x0a000007, out _));
    }

    [Fact]
    public async Task VlanDevices_OfOneDevice_CarryOneEgressProgram()
    {
        await using var core = await CoreFixture.StartAsync(WithVlanDevice());
        await core.PutProgramAsync("seen", "count");
        await PutAsync(core, "addresses", "10.0.0.7", "sim1", null);

        var error = await CoreFixture.FailsAsync(() => core.PutAsync("addresses", "10.0.0.8", "sim1.100", "seen"));
        Assert.Equal(ErrorCode.EgressProgramConflict, error.Code);

        await PutAsync(core, "addresses", "10.0.0.8", "sim1.100", null);
        await core.Programs.SetOfInterfaceAsync("sim1", "seen", RequestContext.OfDaemon());
        Assert.Equal(("seen", "seen"), (core.Entries.Get("addresses", "10.0.0.7").Spec!.EgressProgram, core.Entries.Get("addresses", "10.0.0.8").Spec!.EgressProgram));
        Assert.Equal(new EntryActions(PushVlan: 100), Map(core, "addresses").ReadActions(0x0a000008));
    }

    [Fact]
    public async Task VlanDevice_AfterARestart_IsWrittenAgainOnlyIfNeeded()
    {
        var (host, store) = (WithVlanDevice(), new MemoryStore());
        await using (var core = await CoreFixture.StartAsync(host, store: store))
            await PutAsync(core, "addresses", "10.0.0.7", "sim1.100", null);

        using var gate = new KernelGate();
        await using var again = await CoreFixture.StartAsync(host, gate.Wrap, store: store);

        Assert.Equal(("sim1.100", 0), (again.Entries.Get("addresses", "10.0.0.7").Spec!.Interface, gate.Updates));
        Assert.Equal(EntryState.Forwarding, again.Entries.Get("addresses", "10.0.0.7").Status.State);
    }

    [Fact]
    public async Task VlanDevice_WhoseDeviceBelowReturns_IsWrittenAgain()
    {
        var host = WithVlanDevice();
        await using var core = await CoreFixture.StartAsync(host);
        await PutAsync(core, "addresses", "10.0.0.7", "sim1.100", null);

        host.RemoveInterface("sim1.100");
        host.RemoveInterface("sim1");
        await Eventually.Async(() => core.Entries.Get("addresses", "10.0.0.7").Status.State == EntryState.Pending);
        host.AddInterface("sim1");
        AddVlanDevice(host);

        await Eventually.Async(() => core.Entries.Get("addresses", "10.0.0.7").Status.State == EntryState.Forwarding);
        Assert.Equal(host.Interfaces.Find("sim1")!.Ifindex, core.Entries.Get("addresses", "10.0.0.7").Status.Ifindex);
    }

    [Fact]
    public async Task VlanDevice_Explained_LeavesByTheDeviceBelowWithItsTag()
    {
        await using var core = await CoreFixture.StartAsync(WithVlanDevice());
        await core.Attachments.PutAsync("addresses", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await PutAsync(core, "addresses", "10.0.0.7", "sim1.100", null);

        var verdict = Explain(core, new ExplainQuery(Ingress: "sim0", Dst: "10.0.0.7", Length: 1000)).Verdict;

        Assert.Equal(new LeavingFrame("sim1", 1018, 100, null, null), verdict.Leaving);
    }

    private static SimulatedHost WithVlanDevice()
    {
        var host = SimulatedHost.WithInterfaces();
        AddVlanDevice(host);
        return host;
    }

    private static void AddVlanDevice(SimulatedHost host)
    {
        host.AddInterface("sim1.100");
        host.ChangeInterface("sim1.100", i => i with { Kind = "vlan", VlanId = 100, LinkIfindex = host.Interfaces.Find("sim1")!.Ifindex, XdpFeatures = XdpFeatures.None });
    }

    private static async Task<CoreFixture> SteeringAsync(EntryActions actions, SimulatedHost? host = null)
    {
        var core = await CoreFixture.StartAsync(host);
        await core.Attachments.PutAsync("addresses", "sim0", new AttachmentSpec(AttachMode.Native), false, RequestContext.OfDaemon());
        await PutAsync(core, "addresses", "10.0.0.7", "sim1", actions);
        return core;
    }

    private static Explanation Explain(CoreFixture core, ExplainQuery query) => core.Explanations.Explain("addresses", query, RequestContext.OfDaemon());

    private static EntryActions Named(string action) => action switch
    {
        "setVlan" => new(SetVlan: 7),
        "pushVlan" => new(PushVlan: 7),
        "popVlan" => new(PopVlan: true),
        "decrementTtl" => new(DecrementTtl: true),
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "not an action"),
    };

    private static Task<PutOutcome<Entry>> PutAsync(CoreFixture core, string devmap, string key, string target, EntryActions? actions) =>
        core.Entries.PutAsync(devmap, key, new EntrySpec(target, null, actions), new Violations(), default, default);

    private static BatchItem Put(string devmap, string key, string target, EntryActions? actions) =>
        new(new BatchPut(devmap, key, new EntrySpec(target, null, actions), null), null);

    private static IDevmap Map(CoreFixture core, string devmap) => core.State.Handles[core.State.Current.Devmap(devmap).Id];

    // As somebody else would do it.
    private static void ChangeByHand(SimulatedHost host, string target, EntryActions actions, string devmap = "vlans", uint key = 10)
    {
        using var kernel = new SimulatedKernel(host);
        using var map = kernel.OpenDevmap(new WriterScope(true), devmap == "vlans" ? CoreFixture.Vlans : CoreFixture.Addresses);
        map.Update(new WriterScope(true), key, host.Interfaces.Find(target)!.Ifindex, null, actions: actions);
    }
}
