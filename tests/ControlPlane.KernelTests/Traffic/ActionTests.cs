using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.Kernel.Programs;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Actions of entries on real frames in every mode.</summary>
public sealed class ActionTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private static readonly MacAddress FirstHop = new(0x02_00_00_00_cc_01);
    private static readonly MacAddress SecondHop = new(0x02_00_00_00_cc_02);
    private static readonly MacAddress Router = new(0x02_00_00_00_cc_03);
    private static readonly TimeSpan Deadline = Patience.OfSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(40);
    private static readonly DevmapRecord ByAddress = new("actions", new DevmapSpec(64, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));
    private static readonly DevmapRecord ByIngress = ByAddress with { Spec = ByAddress.Spec with { KeySelector = KeySelector.IngressInterface } };

    private static readonly Dictionary<string, EntryActions> Actions = new()
    {
        ["source"] = new(SourceMac: Router),
        ["destination"] = new(DestinationMac: FirstHop),
        ["both addresses"] = new(Router, FirstHop),
        ["set"] = new(SetVlan: 4094),
        ["push"] = new(PushVlan: 1),
        ["pop"] = new(PopVlan: true),
        ["ttl"] = new(DecrementTtl: true),
        ["hop"] = new(Router, FirstHop, DecrementTtl: true),
        ["all, set"] = new(Router, FirstHop, SetVlan: 77, DecrementTtl: true),
        ["all, push"] = new(Router, FirstHop, PushVlan: 77, DecrementTtl: true),
        ["all, pop"] = new(Router, FirstHop, PopVlan: true, DecrementTtl: true),
    };

    private readonly ulong _run = FrameMark.NewRun();

    public static TheoryData<AttachMode> Modes { get; } = [AttachMode.Native, AttachMode.Generic, AttachMode.Tcx];

    public static TheoryData<AttachMode, CompleteChecksums> ModesWithChecksums { get; } = new()
    {
        { AttachMode.Native, CompleteChecksums.Auto },
        { AttachMode.Native, CompleteChecksums.Off },
        { AttachMode.Generic, CompleteChecksums.Auto },
        { AttachMode.Tcx, CompleteChecksums.Auto },
    };

    public static TheoryData<AttachMode, string> EachAction()
    {
        var data = new TheoryData<AttachMode, string>();
        foreach (var mode in new[] { AttachMode.Native, AttachMode.Generic, AttachMode.Tcx })
        {
            foreach (var name in Actions.Keys)
                data.Add(mode, name);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(EachAction))]
    public void EachKindOfFrame_LeavesAsItsActionsMakeIt_OrIsDropped_OrGoesToTheStack(AttachMode mode, string name)
    {
        var actions = Actions[name];
        using var devmap = testbed.Open(ByIngress);
        devmap.Update(testbed.Ingress.Ifindex, testbed.Target.Ifindex, actions: actions);
        devmap.Attach(testbed.Ingress, mode);
        var sent = EachKind();
        var fates = sent.Select(frame => ActionOracle.After(actions, frame)).ToList();

        Send(sent);

        var applied = fates.Where(f => f.Outcome == ActionOutcome.Applied).Select(f => f.Frame!).ToList();
        AssertSame(applied, testbed.Target.Far.Receive(_run, applied.Count, Deadline));
        Assert.Empty(testbed.Target.Far.ReceiveUntilQuiet(_run, Quiet));
        var expired = sent.Where((_, i) => fates[i].Outcome == ActionOutcome.Expired).ToList();
        var stack = testbed.Ingress.Near.ReceiveUntilQuiet(_run, TimeSpan.Zero);
        if (mode != AttachMode.Tcx) // a packet socket sees all frames there
            AssertSame(expired, stack);
        var failed = (ulong)fates.Count(f => f.Outcome == ActionOutcome.Failed);
        var redirected = sent.Where((_, i) => fates[i].Outcome == ActionOutcome.Applied).ToList();
        Assert.Equal(new EntryCounters((ulong)redirected.Count, redirected.Bytes()), devmap.Kernel.ReadCounters(testbed.Ingress.Ifindex));
        Assert.Equal(
            new DevmapCounters((ulong)redirected.Count, redirected.Bytes(), 0, 0, 0, 0, ActionFailedPackets: failed, ExpiredPackets: (ulong)expired.Count),
            devmap.Kernel.ReadTotals()!.Value with { ChecksumsCompleted = 0 });
        var counts = devmap.Kernel.ReadActionCounts();
        if (failed == 0 && expired.Count == 0)
        {
            Assert.Empty(counts);
            return;
        }

        var count = Assert.Single(counts);
        Assert.Equal((testbed.Ingress.Ifindex, failed, (ulong)expired.Count), (count.KernelKey, count.Failed, count.Expired));
        if (failed == 0)
            Assert.Equal(DateTimeOffset.UnixEpoch, count.LastFailed);
        else
            Assert.InRange(count.LastFailed, DateTimeOffset.UtcNow - TimeSpan.FromMinutes(1), DateTimeOffset.UtcNow);
    }

    [Theory]
    [MemberData(nameof(ModesWithChecksums))]
    public void TwoNextHopsAndTwoVlansOfOneDevice_InOneBurst_EachGetTheirOwn(AttachMode mode, CompleteChecksums completion)
    {
        EntryActions[] each =
        [
            new(Router, FirstHop, DecrementTtl: true), new(Router, SecondHop, DecrementTtl: true), new(PushVlan: 101), new(DestinationMac: SecondHop, PushVlan: 102),
        ];
        using var devmap = testbed.Open(ByAddress with { Spec = WithCompletion(completion) });
        for (var i = 0; i < each.Length; i++)
            devmap.Update(Key + (uint)i, testbed.Target.Ifindex, actions: each[i]);
        devmap.Update(Key + 4, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);

        var sent = Enumerable.Range(0, 200).Select(i => Frames.Udp(new FrameMark(_run, (ulong)i), $"10.0.0.{7 + (i % 5)}")).ToList();
        Send(sent);

        var expected = sent.Select((frame, i) => i % 5 == 4 ? frame : ActionOracle.After(each[i % 5], frame).Frame!).ToList();
        AssertSame(expected, testbed.Target.Far.Receive(_run, expected.Count, Deadline));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void WithoutCounters_ActionsAreApplied(AttachMode mode)
    {
        using var devmap = testbed.Open(ByAddress with { Spec = ByAddress.Spec with { Counters = false, MaxEntries = 30_000 } });
        devmap.Update(Enumerable.Range(1, 100).Select(key => (uint)key), testbed.Target.Ifindex);
        // More than a part of the ids, in a table that begins with room for one.
        for (var key = 1u; key <= 9_000; key++)
            devmap.Update(Key + key, testbed.Other.Ifindex, actions: new EntryActions(DestinationMac: SecondHop));
        devmap.Update(Key, testbed.Target.Ifindex, actions: new EntryActions(Router, FirstHop));
        devmap.Attach(testbed.Ingress, mode);
        AssertLeaves(new EntryActions(Router, FirstHop));
        devmap.Restart();
        Assert.Equal(new EntryActions(Router, FirstHop), devmap.Kernel.ReadActions(Key));
        Assert.Equal(new EntryActions(DestinationMac: SecondHop), devmap.Kernel.ReadActions(Key + 9_000));
        AssertLeaves(new EntryActions(Router, FirstHop));

        Assert.True(devmap.Delete(Key));
        Assert.Null(devmap.Kernel.ReadActions(Key));
        devmap.Update(Key, testbed.Target.Ifindex);
        AssertLeaves(new EntryActions());
        Assert.Null(devmap.Kernel.ReadTotals());
        Assert.Empty(devmap.Kernel.ReadActionCounts());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void TableThatGrows_KeepsTheActionsOfAllKeys(AttachMode mode)
    {
        using var devmap = testbed.Open(ByAddress with { Spec = ByAddress.Spec with { MaxEntries = 60_000 } });
        devmap.Update(Key, testbed.Target.Ifindex, actions: Actions["hop"]);
        devmap.Attach(testbed.Ingress, mode);
        devmap.Update(Enumerable.Range(1, 25_000).Select(key => (uint)key), testbed.Other.Ifindex);
        devmap.Update(1, testbed.Other.Ifindex, actions: Actions["push"]);

        Assert.Equal((Actions["hop"], Actions["push"], null), (devmap.Kernel.ReadActions(Key), devmap.Kernel.ReadActions(1), devmap.Kernel.ReadActions(2)));
        AssertLeaves(Actions["hop"]);
        devmap.Restart();
        Assert.Equal((Actions["hop"], Actions["push"], null), (devmap.Kernel.ReadActions(Key), devmap.Kernel.ReadActions(1), devmap.Kernel.ReadActions(2)));
        AssertLeaves(Actions["hop"]);
    }

    [Fact]
    public void KeysThatAreTheirOwnIds_KeepTheirActionsWhenTheTableOfTheOthersGrows()
    {
        using var devmap = testbed.Open(ByIngress with { Spec = ByIngress.Spec with { MaxEntries = 60_000 } });
        var key = testbed.Ingress.Ifindex;
        devmap.Update(key, testbed.Target.Ifindex, actions: Actions["hop"]);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        devmap.Update(Enumerable.Range(5_000, 25_000).Select(other => (uint)other), testbed.Other.Ifindex);

        Assert.Equal(Actions["hop"], devmap.Kernel.ReadActions(key));
        AssertLeaves(Actions["hop"]);
        Assert.Equal(1ul, devmap.Kernel.ReadCounters(key).Packets);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void ReplacedClearedAndDeleted_ActionsAreThoseOfTheLastWrite(AttachMode mode)
    {
        using var devmap = testbed.Open(ByAddress);
        devmap.Attach(testbed.Ingress, mode);
        foreach (var actions in new[] { Actions["hop"], Actions["push"], null, Actions["both addresses"] })
        {
            devmap.Update(Key, testbed.Target.Ifindex, actions: actions);
            Assert.Equal(actions, devmap.Kernel.ReadActions(Key));
            AssertLeaves(actions ?? new EntryActions());
        }

        Assert.Equal(4ul, devmap.Kernel.ReadCounters(Key).Packets);
        Assert.True(devmap.Delete(Key));
        Assert.Null(devmap.Kernel.ReadActions(Key));
        devmap.Update(Key, testbed.Target.Ifindex);
        AssertLeaves(new EntryActions());
    }

    [Fact]
    public void UpdateThatTheKernelRefuses_KeepsTargetAndActions()
    {
        using var devmap = testbed.Open(ByAddress with { Spec = ByAddress.Spec with { MaxEntries = 1 } });
        devmap.Update(Key, testbed.Target.Ifindex, actions: Actions["hop"]);
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        Assert.Equal(Errno.EINVAL, Refused(() => devmap.Update(Key, 2_000_000_000, actions: Actions["push"])));
        Assert.Equal(Errno.EINVAL, Refused(() => devmap.Update(Key, 2_000_000_000)));
        Assert.Equal(Errno.E2BIG, Refused(() => devmap.Update(Key + 1, testbed.Other.Ifindex, actions: Actions["push"])));

        Assert.Equal((Actions["hop"], null), (devmap.Kernel.ReadActions(Key), devmap.Kernel.ReadActions(Key + 1)));
        AssertLeaves(Actions["hop"]);
    }

    [Fact]
    public void ElementThatTheKernelRemovedWithItsDevice_LeavesNoActionsToTheNextOne()
    {
        using var devmap = testbed.Open(ByAddress);
        var going = new TestInterface(testbed.Space);
        devmap.Update([Key + 1], testbed.Other.Ifindex);
        devmap.Update(Key, going.Ifindex, actions: Actions["push"]);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        going.Dispose();

        devmap.Restart();
        Assert.Null(devmap.Kernel.ReadActions(Key));
        devmap.Update(Key, testbed.Target.Ifindex);
        AssertLeaves(new EntryActions());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task ChangesWhileFramesFlow_EachFrameSeesTargetAndActionsOfOneUpdate_AndNoneIsLost(AttachMode mode)
    {
        // By target: the addresses that go with it.
        EntryActions[] toTarget = [new(DestinationMac: FirstHop), new(Router, FirstHop, PushVlan: 7)];
        EntryActions[] toOther = [new(DestinationMac: SecondHop), new(Router, SecondHop, DecrementTtl: true)];
        const int Changes = 3_000;
        using var devmap = testbed.Open(ByAddress);
        devmap.Update(Key, testbed.Target.Ifindex, actions: toTarget[0]);
        devmap.Attach(testbed.Ingress, mode);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, _run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 30_000));
        await Eventually.Async(() => traffic.Sent > 100);

        for (var change = 0; change < Changes; change++)
        {
            var (pair, target) = change % 2 == 0 ? (toOther, testbed.Other) : (toTarget, testbed.Target);
            devmap.Update(Key, target.Ifindex, actions: pair[change / 2 % 2]);
            // Another key between, for frames that meet a change which is not theirs.
            devmap.Update(Key + 1, target.Ifindex, actions: pair[change / 3 % 2]);
            if (change % 50 == 0)
                Thread.Sleep(1);
        }

        var sent = await traffic.StopAsync();
        var (first, second) = (ReceiveAll(testbed.Target.Far), ReceiveAll(testbed.Other.Far));
        Assert.Equal(new DevmapCounters(sent, 0, 0, 0, 0, 0), devmap.Kernel.ReadTotals()!.Value with { RedirectedBytes = 0, ChecksumsCompleted = 0 });
        Assert.Equal(sent, (ulong)(first.Count + second.Count));
        Assert.All(first, frame => Assert.Equal(FirstHop, MacAddress.Read(frame.AsSpan(0, 6))));
        Assert.All(first, frame => Assert.Equal(Frames.TagsOf(frame).Length > 0 ? Router : Frames.Source, MacAddress.Read(frame.AsSpan(6, 6))));
        Assert.All(second, frame => Assert.Equal(SecondHop, MacAddress.Read(frame.AsSpan(0, 6))));
        Assert.All(second, frame => Assert.Equal(MacAddress.Read(frame.AsSpan(6, 6)) == Router ? 63 : 64, frame[22]));
        Assert.Equal(sent, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task DeletionsWhileFramesFlow_LetNoFrameLeaveWithoutItsActions(AttachMode mode)
    {
        using var devmap = testbed.Open(ByAddress);
        devmap.Update(Key, testbed.Target.Ifindex, actions: Actions["hop"]);
        devmap.Attach(testbed.Ingress, mode);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, _run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 30_000));
        await Eventually.Async(() => traffic.Sent > 100);

        for (var change = 0; change < 1_000; change++)
        {
            devmap.Delete(Key);
            devmap.Update(Key, testbed.Target.Ifindex, actions: Actions["hop"]);
            if (change % 50 == 0)
                Thread.Sleep(1);
        }

        var sent = await traffic.StopAsync();
        var arrived = ReceiveAll(testbed.Target.Far);
        Assert.All(arrived, frame => Assert.Equal((FirstHop, 63), (MacAddress.Read(frame.AsSpan(0, 6)), frame[22])));
        Assert.Equal(sent, (ulong)arrived.Count + devmap.Kernel.ReadTotals()!.Value.MissedPackets);
        Assert.Equal(0ul, devmap.Kernel.ReadTotals()!.Value.ActionFailedPackets);
    }

    [Theory]
    [InlineData(false, AttachMode.Native)]
    [InlineData(true, AttachMode.Native)]
    [InlineData(false, AttachMode.Tcx)]
    [InlineData(true, AttachMode.Tcx)]
    public void ChangeThatACrashCutOff_FramesGoByTheElementThatIsThere_AndTheNextStartEndsIt(bool written, AttachMode mode)
    {
        using var devmap = testbed.Open(ByAddress);
        devmap.Update(Key, testbed.Target.Ifindex, actions: Actions["hop"]);
        devmap.Update(Key + 1, testbed.Target.Ifindex, actions: Actions["both addresses"]);
        devmap.Attach(testbed.Ingress, mode);
        var pins = new DevmapPins(testbed.PinFolder(ByAddress.Name));
        var after = new EntryActions(DestinationMac: SecondHop, PushVlan: 5);
        var (target, expected) = written ? (testbed.Other, after) : (testbed.Target, Actions["hop"]);
        devmap.Restart(() =>
        {
            CutOff(pins, written, after);
            AssertLeaves(expected, target);
            AssertLeaves(Actions["both addresses"], testbed.Target, "10.0.0.8");
        });

        Assert.Equal(expected, devmap.Kernel.ReadActions(Key));
        AssertLeaves(expected, target);
        using var slots = new Slots(ByAddress.Name, pins);
        Assert.False(slots.IsChanging);
    }

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    [InlineData(AttachMode.Tcx)]
    public async Task BuildWithoutActions_IsTakenOverWithItsCountsAndWithoutLosingAFrame_AndThenHasActions(AttachMode mode)
    {
        using var devmap = testbed.Open(ByAddress);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        AssertLeaves(new EntryActions());
        var pins = new DevmapPins(testbed.PinFolder(ByAddress.Name));
        devmap.Restart(() => OtherBuild.RunWithoutActions(pins.Folder), startNow: false);
        Assert.DoesNotContain(pins.ActionMaps, File.Exists);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 200);

        devmap.Start();
        var upgraded = receiver.Delivered;
        await Eventually.Async(() => receiver.Delivered > upgraded + 200);
        devmap.Update(Key, testbed.Target.Ifindex, actions: Actions["hop"]);
        devmap.Restart();

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent + 1, devmap.Kernel.ReadCounters(Key).Packets);
        receiver.Dispose();
        AssertLeaves(Actions["hop"]);
    }

    [Fact]
    public void PinsThatWereRemoved_AreMadeAgain()
    {
        using var devmap = testbed.Open(ByAddress);
        devmap.Update(Key, testbed.Target.Ifindex, actions: Actions["hop"]);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        var pins = new DevmapPins(testbed.PinFolder(ByAddress.Name));
        string[] removed = [pins.ActionParts, pins.ActionChange, pins.ActionCounts, pins.ActionTotals, pins.Actions(0), pins.CountsOfKeys];
        foreach (var pin in removed)
            File.Delete(pin);
        Directory.Delete(pins.ActionsFolder);
        Assert.Equal(removed.Length, testbed.Kernel.Pins.FindMissing().Count);

        testbed.Space.Run(() => testbed.Kernel.Pins.Restore(KernelTestbed.Scope));
        devmap.Restart();

        Assert.Equal(Actions["hop"], devmap.Kernel.ReadActions(Key));
        AssertLeaves(Actions["hop"]);
    }

    private static DevmapSpec WithCompletion(CompleteChecksums setting) => ByAddress.Spec with { CompleteChecksums = setting };

    // As a process that ended before the element was written, or just afterwards.
    private void CutOff(DevmapPins pins, bool written, EntryActions after)
    {
        var change = new devmapd_change
        {
            key = Key,
            before = new devmapd_version { ifindex = testbed.Target.Ifindex, actions = ActionConfig.Of(Actions["hop"]) },
            after = new devmapd_version { ifindex = testbed.Other.Ifindex, actions = ActionConfig.Of(after) },
        };
        using var map = Pin.OpenMap(pins.ActionChange, 0);
        Assert.Equal(0, BpfMap.Update(map, 0, change));
        using var slots = new Slots(ByAddress.Name, pins);
        slots.TurnChange();
        using var active = Pin.OpenMap(pins.Active, BpfConstants.BPF_F_WRONLY);
        if (written)
            testbed.Space.Run(() => Assert.Equal(0, BpfMap.Update(active, Key, new bpf_devmap_val_write { ifindex = testbed.Other.Ifindex })));
    }

    private static int Refused(Action write) => Assert.Throws<KernelException>(write).Errno;

    private static void AssertSame(IEnumerable<byte[]> expected, IEnumerable<byte[]> arrived) =>
        Assert.Equal(expected.Select(Convert.ToHexString).Order(StringComparer.Ordinal), arrived.Select(Convert.ToHexString).Order(StringComparer.Ordinal));

    private List<byte[]> EachKind()
    {
        Func<FrameMark, byte[]>[] kinds =
        [
            mark => Frames.Udp(mark),
            mark => Frames.Udp(mark, payload: 1_400),
            mark => Frames.Udp(mark, tags: new VlanTag(100)),
            mark => Frames.Udp(mark, tags: new VlanTag(100, Priority: 5)),
            mark => Frames.Udp(mark, tags: VlanTag.Service(200)),
            mark => Frames.Udp(mark, tags: [VlanTag.Service(200) with { Priority = 3 }, new VlanTag(100, Priority: 6)]),
            mark => ActionOracle.WithHops(Frames.Udp(mark), 2),
            mark => ActionOracle.WithHops(Frames.Udp(mark), 1),
            mark => ActionOracle.WithHops(Frames.Udp(mark, tags: new VlanTag(100)), 0),
            mark => ActionOracle.WithHops(Frames.Raw(mark, 0x86dd, payload: 80), 255),
            mark => ActionOracle.WithHops(Frames.Raw(mark, 0x86dd, payload: 80, tags: [VlanTag.Service(7), new VlanTag(8)]), 2),
            mark => ActionOracle.WithHops(Frames.Raw(mark, 0x86dd, payload: 80, tags: new VlanTag(9, Priority: 7)), 1),
            mark => Frames.Arp(mark),
            mark => Frames.Arp(mark, tags: new VlanTag(100, Priority: 1)),
            mark => Frames.Raw(mark, 0x88b5),
        ];
        return [.. Enumerable.Range(0, 4 * kinds.Length).Select(i => kinds[i % kinds.Length](new FrameMark(_run, (ulong)i)))];
    }

    private void Send(IEnumerable<byte[]> frames)
    {
        foreach (var frame in frames)
            testbed.Ingress.Far.Send(frame);
    }

    private void AssertLeaves(EntryActions actions, TestInterface? target = null, string address = Address)
    {
        var run = FrameMark.NewRun();
        var frame = Frames.Udp(new FrameMark(run, 0), address);
        testbed.Ingress.Far.Send(frame);
        AssertSame([ActionOracle.After(actions, frame).Frame!], (target ?? testbed.Target).Far.Receive(run, 1, Deadline));
    }

    private List<byte[]> ReceiveAll(FrameSocket socket)
    {
        var frames = socket.ReceiveUntilQuiet(_run, TimeSpan.FromMilliseconds(300));
        Assert.Equal(0u, socket.TakeDropped());
        return [.. frames];
    }
}
