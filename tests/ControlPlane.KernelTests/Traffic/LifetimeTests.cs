using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Real frames while entries, interfaces and the daemon come and go.</summary>
public sealed class LifetimeTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private static readonly TimeSpan Deadline = Patience.OfSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(40);
    private static readonly DevmapRecord Small = new("life", new DevmapSpec(4, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));
    private ulong _sequence;

    public static TheoryData<AttachMode> Modes() => [AttachMode.Native, AttachMode.Generic];

    [Theory]
    [MemberData(nameof(Modes))]
    public void FullMap_RefusesANewKeyAndReplacesAnOldOne(AttachMode mode)
    {
        using var devmap = testbed.Open(Small);
        devmap.Update([Key, Key + 1, Key + 2, Key + 3], testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);

        Assert.Equal(Errno.E2BIG, Refused(() => devmap.Update(Key + 4, testbed.Other.Ifindex)));
        AssertWay(testbed.Target);

        devmap.Update(Key, testbed.Other.Ifindex);
        AssertWay(testbed.Other);
        Assert.Equal(2UL, devmap.Kernel.ReadCounters(Key).Packets); // replaced, not made: it counts on
    }

    [Fact]
    public void UnknownIfindex_IsEinvalAndTheEntryStays()
    {
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        Assert.Equal(Errno.EINVAL, Refused(() => devmap.Update(Key, 2_000_000_000)));
        Assert.Equal(Errno.EINVAL, Refused(() => devmap.Update(Key, 0)));
        AssertWay(testbed.Target);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void DeletedAndMadeAgain_MissesBetweenAndCountsFromZero(AttachMode mode)
    {
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        AssertWay(testbed.Target);

        Assert.True(devmap.Delete(Key));
        AssertWay(null);
        Assert.Equal(default, devmap.Kernel.ReadCounters(Key));

        devmap.Update(Key, testbed.Other.Ifindex);
        AssertWay(testbed.Other);
        Assert.Equal(1UL, devmap.Kernel.ReadCounters(Key).Packets);
        Assert.Equal((2UL, 1UL), (devmap.Kernel.ReadTotals()!.Value.RedirectedPackets, devmap.Kernel.ReadTotals()!.Value.MissedPackets));
    }

    [Fact]
    public void ChangedProgram_WorksFromTheNextFrameOn()
    {
        using var devmap = testbed.Open(Small);
        devmap.Load("first", TestFrames.Spec(EgressTemplate.Drop));
        devmap.Load("second", TestFrames.Spec(EgressTemplate.Count));
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        devmap.Update(Key, testbed.Target.Ifindex, "first");
        AssertWay(null);
        devmap.Update(Key, testbed.Target.Ifindex, "second");
        AssertWay(testbed.Target);
        devmap.Update(Key, testbed.Target.Ifindex);
        AssertWay(testbed.Target);

        Assert.Equal(1UL, testbed.Kernel.Programs.ReadCounters("first").Packets);
        Assert.Equal(1UL, testbed.Kernel.Programs.ReadCounters("second").Packets);
    }

    [Fact]
    public void ReplacedProgram_EntryKeepsTheOldOneUntilItIsWritten()
    {
        using var devmap = testbed.Open(Small);
        devmap.Load("egress", TestFrames.Spec(EgressTemplate.Count));
        devmap.Update(Key, testbed.Target.Ifindex, "egress");
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        devmap.Load("egress", TestFrames.Spec(EgressTemplate.Drop));
        AssertWay(testbed.Target);
        devmap.Update(Key, testbed.Target.Ifindex, "egress");
        AssertWay(null);
    }

    [Theory]
    [InlineData("in.with.dots.15", "to.with.dots.15")]
    [InlineData("fifteen-letters", "a.b")]
    [InlineData("[b]r{a}ck~et", "ümläut@x")]
    public void AwkwardNames_AttachForwardAndAreAdopted(string ingress, string target)
    {
        using var incoming = new TestInterface(testbed.Space, new VethOptions { Name = ingress });
        using var outgoing = new TestInterface(testbed.Space, new VethOptions { Name = target, AcceptsRedirect = true });
        using var devmap = testbed.Open(Small with { Name = "fifteen_letters" });
        devmap.Update(Key, outgoing.Ifindex);
        var link = devmap.Attach(incoming, AttachMode.Native);
        AssertWay(outgoing, incoming);

        devmap.Restart();

        Assert.Equal([link], devmap.Kernel.Links);
        Assert.Equal(ingress, link.Interface);
        AssertWay(outgoing, incoming);
        Assert.Equal(2UL, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Fact]
    public void TargetWithoutNdoXmit_LosesFramesInNativeModeOnly()
    {
        using var deaf = new TestInterface(testbed.Space, new VethOptions());
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, deaf.Ifindex);

        devmap.Attach(testbed.Ingress, AttachMode.Native);
        AssertWay(null, seen: deaf);
        deaf.Pair.EnablePeerReceive();
        AssertWay(deaf);
        deaf.Pair.DisablePeerReceive();
        devmap.Detach(testbed.Ingress);
        devmap.Attach(testbed.Ingress, AttachMode.Generic);
        AssertWay(deaf);
        Assert.Equal(3UL, devmap.Kernel.ReadCounters(Key).Packets); // redirected, whatever became of them
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void TargetDown_LosesFramesUntilItIsUp(AttachMode mode)
    {
        using var target = new TestInterface(testbed.Space);
        using var devmap = testbed.Open(Small);
        devmap.Update(Key, target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);

        target.Pair.SetUp(false);
        AssertWay(null, seen: target);
        target.Pair.SetUp(true);
        AssertWay(target);
    }

    [Fact]
    public void TargetRemoved_TakesItsEntryAndTheNextOneCountsFromZero()
    {
        using var devmap = testbed.Open(Small);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        string name;
        using (var target = new TestInterface(testbed.Space))
        {
            name = target.Pair.Name;
            devmap.Update(Key, target.Ifindex);
            AssertWay(target);
        }

        Assert.False(devmap.Kernel.TryLookup(Key, out _));
        AssertWay(null);

        using var again = new TestInterface(testbed.Space, new VethOptions { Name = name, AcceptsRedirect = true });
        devmap.Update(Key, again.Ifindex);
        AssertWay(again);
        Assert.Equal(1UL, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Fact]
    public void TwoDevmaps_DoNotDisturbEachOther()
    {
        using var second = new TestInterface(testbed.Space, new VethOptions());
        using var one = testbed.Open(Small with { Name = "one" });
        using var two = testbed.Open(Small with { Name = "two" });
        one.Update(Key, testbed.Target.Ifindex);
        two.Update(Key, testbed.Other.Ifindex);
        one.Attach(testbed.Ingress, AttachMode.Native);
        two.Attach(second, AttachMode.Native);

        AssertWay(testbed.Target);
        AssertWay(testbed.Other, second);
        Assert.Equal(1UL, one.Kernel.ReadCounters(Key).Packets);
        Assert.Equal(1UL, two.Kernel.ReadCounters(Key).Packets);
    }

    [Fact]
    public void HundredThousandEntries_FramesFindTheirs()
    {
        const uint First = 0x0a000000;
        using var devmap = testbed.Open(Small with { Spec = Small.Spec with { MaxEntries = 131_072 } });
        devmap.Update(Enumerable.Range(0, 100_000).Select(i => First + (uint)i), testbed.Other.Ifindex);
        devmap.Update(Key, testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);

        AssertWay(testbed.Target);
        AssertWay(testbed.Other, address: "10.1.134.159"); // the last: 99,999
        AssertWay(null, address: "10.1.134.160");
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Restart_WithTraffic_LosesNoFrame(AttachMode mode)
    {
        using var devmap = testbed.Open(Small);
        var program = devmap.Load("kept", TestFrames.Spec(EgressTemplate.Count));
        devmap.Update(Key, testbed.Target.Ifindex, "kept");
        devmap.Attach(testbed.Ingress, mode);
        var run = FrameMark.NewRun();
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 100);

        for (var restart = 0; restart < 5; restart++)
        {
            devmap.Restart();
            Assert.True(devmap.Kernel.Adopted);
            var before = receiver.Delivered;
            await Eventually.Async(() => receiver.Delivered > before + 500);
        }

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
        Assert.Equal(sent, devmap.Kernel.ReadCounters(Key).Packets);
        Assert.Equal(sent, testbed.Kernel.Programs.ReadCounters("kept").Packets);
        Assert.True(devmap.Kernel.TryLookup(Key, out var entry));
        Assert.Equal(program.ProgramId, entry.EgressProgramId);
    }

    private static int Refused(Action action) => Assert.Throws<KernelException>(action).Errno;

    /// <summary>Sends one frame and sees it leave by this interface (null: by none) and by no other.</summary>
    private void AssertWay(TestInterface? expected, TestInterface? ingress = null, string address = Address, TestInterface? seen = null)
    {
        var run = FrameMark.NewRun();
        var frame = Frames.Udp(new FrameMark(run, _sequence++), address);
        (ingress ?? testbed.Ingress).Far.Send(frame);
        if (expected is not null)
            Assert.Equal([frame], expected.Far.Receive(run, 1, Deadline));

        var quiet = Quiet;
        foreach (var other in new[] { testbed.Ingress, testbed.Target, testbed.Other, ingress, expected, seen }.OfType<TestInterface>())
        {
            Assert.Empty(other.Far.ReceiveUntilQuiet(run, quiet));
            Assert.Empty(other.Near.ReceiveUntilQuiet(run, quiet = TimeSpan.Zero));
        }
    }
}
