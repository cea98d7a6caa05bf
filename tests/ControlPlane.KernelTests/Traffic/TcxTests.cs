using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>The redirect program in tcx mode, where it differs from XDP.</summary>
public sealed class TcxTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private const string NoEntry = "10.0.0.8";
    private static readonly DevmapRecord Definition = new("tcx", new DevmapSpec(4, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Pass));
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(40);
    private readonly ulong _run = FrameMark.NewRun();

    [Fact]
    public void EntryWithAnEgressProgram_DropsAndCounts()
    {
        using var devmap = testbed.Open(Definition);
        devmap.Load("counting", TestFrames.Spec(EgressTemplate.Count));
        devmap.Update(Key, testbed.Target.Ifindex, "counting");
        devmap.Attach(testbed.Ingress, AttachMode.Tcx);

        Send(5);

        Assert.Empty(testbed.Target.Far.ReceiveUntilQuiet(_run, Quiet));
        Assert.Equal(5ul, devmap.Kernel.ReadTotals()!.Value.EgressProgramDrops);
        Assert.Equal(default, testbed.Kernel.Programs.ReadCounters("counting"));
    }

    [Theory]
    [InlineData(MissAction.Pass, 3)]
    [InlineData(MissAction.Drop, 0)]
    [InlineData(MissAction.Abort, 0)]
    public void MissedFrame_ReachesALaterProgramOnlyIfItPasses(MissAction action, int later)
    {
        using var devmap = testbed.Open(Definition with { Spec = Definition.Spec with { MissAction = action } });
        devmap.Attach(testbed.Ingress, AttachMode.Tcx);
        using var program = LaterProgram.Attach(testbed);

        Send(3, NoEntry);

        Assert.Equal(later, testbed.Target.Far.ReceiveUntilQuiet(_run, Quiet).Count);
        Assert.Equal(3ul, devmap.Kernel.ReadTotals()!.Value.MissedPackets);
    }

    [Fact]
    public void Link_LivesOnWithoutAProcessAndRunsTheProgramOfTheNextStart()
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update(Key, testbed.Target.Ifindex);
        var link = devmap.Attach(testbed.Ingress, AttachMode.Tcx);

        devmap.Restart(meanwhile: () => Send(4));

        Assert.Equal(4, testbed.Target.Far.Receive(_run, 4, Deadline).Count);
        Assert.Equal([link], devmap.Kernel.Links);
        Assert.Equal(4ul, devmap.Kernel.ReadCounters(Key).Packets);
    }

    [Fact]
    public async Task OtherSettings_ReplaceTheProgramWithoutLosingAFrame()
    {
        using var devmap = testbed.Open(Definition);
        devmap.Update(Key, testbed.Target.Ifindex);
        var link = devmap.Attach(testbed.Ingress, AttachMode.Tcx);
        using var receiver = TrafficReceiver.Start(testbed.Target.Far, _run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, _run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: 10_000));
        await Eventually.Async(() => receiver.Delivered > 100);
        var pins = new DevmapPins(testbed.PinFolder(Definition.Name));

        for (var upgrade = 0; upgrade < 3; upgrade++)
        {
            var before = receiver.Delivered;
            // As a build that had other settings: the next start finds no settings of its own, and replaces the program.
            devmap.Restart(meanwhile: () => File.Delete(pins.TcxConfig));
            await Eventually.Async(() => receiver.Delivered > before + 200);
            var now = Assert.Single(devmap.Kernel.Links);
            Assert.Equal(link.LinkId, now.LinkId);
            Assert.NotEqual(link.ProgramId, now.ProgramId);
            link = now;
        }

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
    }

    [Fact]
    public void RemovedInterface_LeavesADeadLinkThatIsReplaced()
    {
        using var devmap = testbed.Open(Definition);
        var ingress = new TestInterface(testbed.Space);
        devmap.Attach(ingress, AttachMode.Tcx);
        var name = ingress.Pair.Name;
        ingress.Dispose();

        Assert.Equal(0u, devmap.Kernel.FindLink(name)!.Ifindex);
        devmap.Restart();
        Assert.Equal((0u, AttachMode.Tcx), (devmap.Kernel.FindLink(name)!.Ifindex, devmap.Kernel.FindLink(name)!.Mode));
        using var back = new TestInterface(testbed.Space, new VethOptions { Name = name });
        Assert.Equal(back.Ifindex, devmap.Attach(back, AttachMode.Tcx).Ifindex);
    }

    private void Send(int count, string address = Address)
    {
        for (var i = 0; i < count; i++)
            testbed.Ingress.Far.Send(Frames.Udp(new FrameMark(_run, (ulong)i), address));
    }

    /// <summary>A tcx program of somebody else behind ours, which sends every frame to the target.</summary>
    private sealed class LaterProgram : IDisposable
    {
        private readonly FileDescriptor _program;
        private readonly FileDescriptor _link;

        private LaterProgram(FileDescriptor program, FileDescriptor link) => (_program, _link) = (program, link);

        public static unsafe LaterProgram Attach(FrameTestbed testbed) => testbed.Space.Run(() =>
        {
            var instructions = stackalloc bpf_insn[4]
            {
                new() { code = 0xb7, registers = 1, imm = (int)testbed.Target.Ifindex }, // r1 = ifindex
                new() { code = 0xb7, registers = 2 }, // r2 = 0
                new() { code = 0x85, imm = 23 }, // bpf_redirect
                new() { code = 0x95 },
            };
            var load = new bpf_prog_load_opts { sz = (nuint)sizeof(bpf_prog_load_opts) };
            var program = FileDescriptor.FromLibbpf(
                Libbpf.bpf_prog_load(BpfConstants.BPF_PROG_TYPE_SCHED_CLS, "later", "Dual BSD/GPL", instructions, 4, &load), "bpf_prog_load");
            var opts = new bpf_link_create_opts { sz = (nuint)sizeof(bpf_link_create_opts) };
            var link = FileDescriptor.FromLibbpf(
                Libbpf.bpf_link_create(program, (int)testbed.Ingress.Ifindex, TcxConstants.BPF_TCX_INGRESS, &opts), "bpf_link_create");
            return new LaterProgram(program, link);
        });

        public void Dispose()
        {
            Libbpf.bpf_link_detach(_link);
            _link.Dispose();
            _program.Dispose();
        }
    }
}
