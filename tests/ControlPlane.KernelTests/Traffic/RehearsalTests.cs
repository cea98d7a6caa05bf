using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Live frames are compared with a candidate table, and go where they always go.</summary>
public sealed class RehearsalTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Same = 0x0a000001, Other = 0x0a000002, Miss = 0x0a000003, Hit = 0x0a000004, None = 0x0a000005;
    private const int Frames = 30;
    private const string Count = "rehearsed";
    private static readonly TimeSpan Deadline = Patience.OfSeconds(10);
    private static readonly DevmapRecord Definition = new("rehearsal", new DevmapSpec(16, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    public static TheoryData<AttachMode> Modes { get; } = [AttachMode.Native, AttachMode.Generic, AttachMode.Tcx];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Frames_AreJudgedAndGoTheirUsualWay(AttachMode mode)
    {
        using var devmap = Open(mode);
        Send(Same, Other);
        using var rehearsal = Prepare(devmap);
        Send(Same, Other);
        Assert.All(rehearsal.Read().Totals.Values, t => Assert.Equal(0ul, t.Packets));
        testbed.Space.Run(() => rehearsal.Begin(KernelTestbed.Scope));

        var run = Send(Same, Other, Miss, Hit, None);

        await CountedAsync(rehearsal, 5 * Frames);
        var counts = rehearsal.Read();
        Assert.All(counts.Totals.Values, t => Assert.Equal((ulong)Frames, t.Packets));
        Assert.Equal(
            [(Other, RehearsalVerdict.OtherTarget), (Miss, RehearsalVerdict.WouldMiss), (Hit, RehearsalVerdict.WouldHit)],
            counts.Keys.Select(k => (k.KernelKey, k.Verdict)).Order());
        Assert.All(counts.Keys, k => Assert.Equal(counts.Totals[k.Verdict], k.Traffic));
        Assert.Equal(3 * Frames, testbed.Target.Far.Receive(run, 3 * Frames, Deadline).Count);
        Assert.Empty(testbed.Other.Far.ReceiveUntilQuiet(run, TimeSpan.FromMilliseconds(50)));

        testbed.Space.Run(() => rehearsal.End(KernelTestbed.Scope));
        Send(Same, Other);
        Assert.Equal(counts.Totals, rehearsal.Read().Totals);
    }

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    [InlineData(AttachMode.Tcx)]
    public void OtherSettingsMeanwhile_StayWhenTheRehearsalEnds(AttachMode mode)
    {
        using var devmap = Open(mode);
        using var rehearsal = Prepare(devmap);
        testbed.Space.Run(() => rehearsal.Begin(KernelTestbed.Scope));
        devmap.Change(s => s with { MissAction = s.MissAction == MissAction.Drop ? MissAction.Pass : MissAction.Drop });
        var link = Assert.Single(devmap.Kernel.Links);
        Assert.Contains(link.ProgramId, devmap.Kernel.ProgramIds);

        testbed.Space.Run(() => rehearsal.End(KernelTestbed.Scope));

        Assert.Equal(link.ProgramId, Assert.Single(devmap.Kernel.Links).ProgramId);
        Receive(Send(Same, Other));
    }

    [Fact]
    public async Task EgressProgramThatDiffers_IsAnotherTarget()
    {
        using var devmap = Open(AttachMode.Native);
        devmap.Load(Count, new EgressProgramConfig(EgressTemplate.Count));
        using var rehearsal = devmap.Kernel.PrepareRehearsal();
        testbed.Space.Run(() => rehearsal.Write(Same, testbed.Target.Ifindex, Count));
        testbed.Space.Run(() => rehearsal.Begin(KernelTestbed.Scope));
        Send(Same);
        await CountedAsync(rehearsal, Frames);
        testbed.Space.Run(() => rehearsal.End(KernelTestbed.Scope));
        Assert.Equal((Same, RehearsalVerdict.OtherTarget), rehearsal.Read().Keys.Select(k => (k.KernelKey, k.Verdict)).Single());
    }

    [Fact]
    public async Task ValuesOfFourBytes_AreCompared()
    {
        using var devmap = testbed.Open(Definition with { Spec = Definition.Spec with { ValueSize = sizeof(uint) } });
        devmap.Update([Same, Other, Miss], testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, AttachMode.Native);
        using var rehearsal = Prepare(devmap);
        testbed.Space.Run(() => rehearsal.Begin(KernelTestbed.Scope));
        Send(Same, Other, Miss, Hit, None);
        await CountedAsync(rehearsal, 5 * Frames);
        Assert.All(rehearsal.Read().Totals.Values, t => Assert.Equal((ulong)Frames, t.Packets));
        testbed.Space.Run(() => rehearsal.End(KernelTestbed.Scope));
        Assert.Throws<ControlPlaneException>(() => rehearsal.Write(Same, testbed.Target.Ifindex, Count));
    }

    [Fact]
    public async Task Interface_AttachedMeanwhileComparesToo()
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update([Same, Other, Miss], testbed.Target.Ifindex);
        using var rehearsal = Prepare(devmap);
        testbed.Space.Run(() => rehearsal.Begin(KernelTestbed.Scope));
        var link = devmap.Attach(testbed.Ingress, AttachMode.Native);
        Assert.Contains(link.ProgramId, devmap.Kernel.ProgramIds);
        Send(Hit);
        await CountedAsync(rehearsal, Frames);
        Assert.Equal((ulong)Frames, rehearsal.Read().Totals[RehearsalVerdict.WouldHit].Packets);

        testbed.Space.Run(() => rehearsal.End(KernelTestbed.Scope));

        Assert.NotEqual(link.ProgramId, devmap.Kernel.FindLink(testbed.Ingress.Pair.Name)!.ProgramId);
        Assert.Contains(devmap.Kernel.FindLink(testbed.Ingress.Pair.Name)!.ProgramId, devmap.Kernel.ProgramIds);
    }

    [Fact]
    public void Second_IsRefusedWhileOneRuns()
    {
        using var devmap = testbed.Open(Definition);
        using var rehearsal = devmap.Kernel.PrepareRehearsal();
        testbed.Space.Run(() => rehearsal.Begin(KernelTestbed.Scope));
        Assert.Equal(Errno.EBUSY, Assert.Throws<KernelException>(devmap.Kernel.PrepareRehearsal).Errno);
        testbed.Space.Run(() => rehearsal.End(KernelTestbed.Scope));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void DaemonThatDies_LeavesFramesFlowingAndTheNextOneEndsTheRehearsal(AttachMode mode)
    {
        using var devmap = Open(mode);
        var usual = devmap.Kernel.FindLink(testbed.Ingress.Pair.Name)!.ProgramId;
        var rehearsal = Prepare(devmap);
        testbed.Space.Run(() => rehearsal.Begin(KernelTestbed.Scope));

        devmap.Restart(() => Receive(Send(Same, Other)));

        Assert.Equal(usual, devmap.Kernel.FindLink(testbed.Ingress.Pair.Name)!.ProgramId);
        Assert.False(Directory.Exists(new DevmapPins(testbed.PinFolder(Definition.Name)).Rehearsal));
        Receive(Send(Same, Other));
    }

    private TestDevmap Open(AttachMode mode)
    {
        var devmap = testbed.Open(Definition);
        devmap.Update([Same, Other, Miss], testbed.Target.Ifindex);
        devmap.Attach(testbed.Ingress, mode);
        return devmap;
    }

    private IRehearsal Prepare(TestDevmap devmap)
    {
        var rehearsal = devmap.Kernel.PrepareRehearsal();
        testbed.Space.Run(() =>
        {
            rehearsal.Write(Same, testbed.Target.Ifindex, null);
            rehearsal.Write(Other, testbed.Other.Ifindex, null);
            rehearsal.Write(Hit, testbed.Other.Ifindex, null);
        });
        return rehearsal;
    }

    // Frames are on their way for a moment.
    private static Task CountedAsync(IRehearsal rehearsal, ulong frames) =>
        Eventually.Async(() => rehearsal.Read().Totals.Values.Aggregate(0ul, (sum, t) => sum + t.Packets) >= frames);

    private void Receive(ulong run) => Assert.Equal(2 * Frames, testbed.Target.Far.Receive(run, 2 * Frames, Deadline).Count);

    private ulong Send(params uint[] keys)
    {
        var (run, number) = (FrameMark.NewRun(), 0ul);
        foreach (var key in keys)
        {
            for (var frame = 0; frame < Frames; frame++)
                testbed.Ingress.Far.Send(ControlPlane.TestCommon.Lab.Frames.Udp(new FrameMark(run, number++), IPv4(key)));
        }

        return run;
    }

    private static string IPv4(uint key) => $"{key >> 24}.{(key >> 16) & 0xff}.{(key >> 8) & 0xff}.{key & 0xff}";
}
