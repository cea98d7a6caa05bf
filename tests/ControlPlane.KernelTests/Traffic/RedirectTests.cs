using ControlPlane.Core.Model;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Real frames through the redirect and egress programs: where they go, with which bytes, and what is counted.</summary>
public sealed class RedirectTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private static readonly TimeSpan Deadline = Patience.OfSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(40);
    private static readonly AttachMode[] LinkModes = [AttachMode.Native, AttachMode.Generic, AttachMode.Tcx];
    private readonly ulong _run = FrameMark.NewRun();

    public static TheoryData<KeySelector, AttachMode, EgressTemplate?> Ways()
    {
        var ways = new TheoryData<KeySelector, AttachMode, EgressTemplate?>();
        foreach (var selector in KeySelector.Set.All)
        {
            ways.Add(selector, AttachMode.Tcx, null);
            foreach (var mode in new[] { AttachMode.Native, AttachMode.Generic })
            {
                ways.Add(selector, mode, null);
                foreach (var template in EgressTemplate.Set.All)
                    ways.Add(selector, mode, template);
            }
        }

        return ways;
    }

    public static TheoryData<KeySelector, AttachMode, MissAction> Misses()
    {
        var misses = new TheoryData<KeySelector, AttachMode, MissAction>();
        foreach (var selector in KeySelector.Set.All)
        {
            foreach (var mode in LinkModes)
            {
                foreach (var action in Enum.GetValues<MissAction>())
                    misses.Add(selector, mode, action);
            }
        }

        return misses;
    }

    public static TheoryData<AttachMode> Modes() => [AttachMode.Native, AttachMode.Generic];

    public static TheoryData<AttachMode> AllModes() => [.. LinkModes];

    [Theory]
    [MemberData(nameof(Ways))]
    public void Frames_WithAnEntry_LeaveByItsInterfaceAsItsProgramMakesThem(KeySelector selector, AttachMode mode, EgressTemplate? template)
    {
        using var devmap = testbed.Open(Definition(selector));
        const string Program = "egress";
        if (template is { } wanted)
            devmap.Load(Program, TestFrames.Spec(wanted));
        var key = TestFrames.Key(selector, testbed.Ingress.Ifindex);
        devmap.Update(key, testbed.Target.Ifindex, template is null ? null : Program);
        devmap.Attach(testbed.Ingress, mode);

        var sent = TestFrames.WithKey(selector, _run);
        Send(testbed.Ingress, sent);

        var expected = sent.Select(frame => TestFrames.After(template, frame)).OfType<byte[]>().ToList();
        AssertSame(expected, testbed.Target.Far.Receive(_run, expected.Count, Deadline));
        AssertNothingMore(mode);
        var all = new EntryCounters((ulong)sent.Count, sent.Bytes());
        Assert.Equal(all, devmap.Kernel.ReadCounters(key));
        // One whole checksum in 65,536 looks partial. To complete it changes nothing.
        Assert.Equal(new DevmapCounters(all.Packets, all.Bytes, 0, 0, 0, 0), devmap.Kernel.ReadTotals()!.Value with { ChecksumsCompleted = 0 });
        Assert.Equal(template is null ? default : all, testbed.Kernel.Programs.ReadCounters(Program));
    }

    [Theory]
    [MemberData(nameof(Misses))]
    public void Frames_WithoutAnEntry_TakeTheMissAction(KeySelector selector, AttachMode mode, MissAction action)
    {
        using var devmap = testbed.Open(Definition(selector) with { Spec = Definition(selector).Spec with { MissAction = action } });
        var key = TestFrames.Key(selector, testbed.Other.Ifindex); // of the interface: another than frames arrive on
        devmap.Update(key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);

        var missed = TestFrames.WithAnotherKey(selector, _run);
        var unkeyed = TestFrames.WithoutKey(selector, _run);
        IReadOnlyList<byte[]> sent = [.. missed, .. unkeyed];
        Send(testbed.Ingress, sent);

        if (action == MissAction.Pass)
            AssertSame(sent, testbed.Ingress.Near.Receive(_run, sent.Count, Deadline));
        AssertNothingMore(mode);
        Assert.Equal(default, devmap.Kernel.ReadCounters(key));
        Assert.Equal(
            new DevmapCounters(0, 0, (ulong)missed.Count, missed.Bytes(), (ulong)unkeyed.Count, unkeyed.Bytes()), devmap.Kernel.ReadTotals());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Frames_OfSeveralKeys_EachTakeTheirOwnWay(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition(KeySelector.Ipv4Destination));
        devmap.Load("to-target", TestFrames.Spec(EgressTemplate.RewriteMac));
        devmap.Load("to-other", TestFrames.Spec(EgressTemplate.PushVlan));
        devmap.Update(0x0a000007, testbed.Target.Ifindex, "to-target");
        devmap.Update(0x0a000008, testbed.Other.Ifindex, "to-other");
        devmap.Attach(testbed.Ingress, mode);

        var sent = Enumerable.Range(0, 40).Select(i => Frames.Udp(new FrameMark(_run, (ulong)i), $"10.0.0.{7 + (i % 2)}")).ToList();
        Send(testbed.Ingress, sent);

        AssertSame(sent.Where((_, i) => i % 2 == 0).Select(f => TestFrames.After(EgressTemplate.RewriteMac, f)!), testbed.Target.Far.Receive(_run, 20, Deadline));
        AssertSame(sent.Where((_, i) => i % 2 == 1).Select(f => TestFrames.After(EgressTemplate.PushVlan, f)!), testbed.Other.Far.Receive(_run, 20, Deadline));
        AssertNothingMore();
        Assert.Equal(20UL, devmap.Kernel.ReadCounters(0x0a000007).Packets);
        Assert.Equal(20UL, devmap.Kernel.ReadCounters(0x0a000008).Packets);
        Assert.Equal(20UL, testbed.Kernel.Programs.ReadCounters("to-other").Packets);
    }

    [Theory]
    [MemberData(nameof(AllModes))]
    public void Frames_CountersOff_GoTheSameWayUncounted(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition(KeySelector.Vlan) with { Spec = Definition(KeySelector.Vlan).Spec with { Counters = false } });
        devmap.Update(TestFrames.Vlan, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);

        var sent = TestFrames.WithKey(KeySelector.Vlan, _run);
        Send(testbed.Ingress, sent);

        AssertSame(sent, testbed.Target.Far.Receive(_run, sent.Count, Deadline));
        Assert.Equal(default, devmap.Kernel.ReadCounters(TestFrames.Vlan));
        Assert.Null(devmap.Kernel.ReadTotals());
    }

    [Theory]
    [MemberData(nameof(AllModes))]
    public void Frames_FourByteValues_GoTheSameWay(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition(KeySelector.Vlan) with { Spec = Definition(KeySelector.Vlan).Spec with { ValueSize = 4 } });
        devmap.Update(TestFrames.Vlan, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);

        var sent = TestFrames.WithKey(KeySelector.Vlan, _run);
        Send(testbed.Ingress, sent);

        AssertSame(sent, testbed.Target.Far.Receive(_run, sent.Count, Deadline));
        AssertNothingMore(mode);
    }

    private static DevmapRecord Definition(KeySelector selector) => new("frames", new DevmapSpec(64, KeySelector: selector, MissAction: MissAction.Drop));

    private static void Send(TestInterface ingress, IEnumerable<byte[]> frames)
    {
        foreach (var frame in frames)
            ingress.Far.Send(frame);
    }

    // A veth has a queue for each CPU, so frames of different flows can overtake each other.
    private static void AssertSame(IEnumerable<byte[]> expected, IEnumerable<byte[]> arrived) =>
        Assert.Equal(expected.Select(Convert.ToHexString).Order(StringComparer.Ordinal), arrived.Select(Convert.ToHexString).Order(StringComparer.Ordinal));

    // A packet socket sees frames before a tcx program does, and after an XDP program.
    private void AssertNothingMore(AttachMode mode = AttachMode.Native)
    {
        foreach (var socket in new[] { testbed.Target, testbed.Other, testbed.Ingress }.SelectMany(i => new[] { i.Near, i.Far }))
        {
            var sees = mode == AttachMode.Tcx && socket == testbed.Ingress.Near;
            if (sees)
                socket.ReceiveUntilQuiet(_run, TimeSpan.Zero);
            else
                Assert.Empty(socket.ReceiveUntilQuiet(_run, socket == testbed.Target.Near ? Quiet : TimeSpan.Zero));
        }
    }
}
