using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Guards;
using ControlPlane.Kernel.Ids;
using ControlPlane.Kernel.Native;
using ControlPlane.Kernel.Objects;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Switches to a candidate that the kernel takes back by itself, while frames flow.</summary>
public sealed class GuardTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private const double FramesPerSecond = 5_000;
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);
    private static readonly DevmapRecord Definition = new("guarded", new DevmapSpec(16, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Drop));

    public static TheoryData<AttachMode> Modes { get; } = [AttachMode.Native, AttachMode.Generic, AttachMode.Tcx];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task NobodyConfirms_TheKernelTakesTheTableBackAndNoFrameIsLost(AttachMode mode)
    {
        using var devmap = testbed.Open(Definition);
        using var candidate = Candidate.Beside(testbed, devmap, mode, testbed.Other);
        using var guard = SwitchGuard.Prepare(candidate.Pins, watches: false);
        await using var flow = Flow.Start(testbed);
        await flow.FlowsToAsync(testbed.Target);

        guard.Arm(new GuardOrder(Soon), candidate.MapId);

        await flow.FlowsToAsync(testbed.Other);
        await flow.FlowsToAsync(testbed.Target);
        Assert.Equal(await flow.StopAsync(), flow.Arrived);
        var report = guard.Read();
        Assert.Equal((GuardPhase.Expired, true), (report.Phase, report.IsTakenBack));
        Assert.True(report.EndTime >= report.Deadline - TimeSpan.FromMilliseconds(1), $"ended at {report.EndTime:O}, due at {report.Deadline:O}");
        Assert.False(guard.Confirm());
        Assert.False(guard.TakeBack(candidate.Slots));
    }

    [Fact]
    public async Task NoDaemonRuns_TheKernelTakesTheTableBack()
    {
        using var devmap = testbed.Open(Definition);
        var candidate = Candidate.Beside(testbed, devmap, AttachMode.Native, testbed.Other);
        await using var flow = Flow.Start(testbed);
        await flow.FlowsToAsync(testbed.Target);
        using (candidate)
        using (var guard = SwitchGuard.Prepare(candidate.Pins, watches: true))
            guard.Arm(new GuardOrder(Soon, 1000), candidate.MapId);

        devmap.Restart(() =>
        {
            flow.FlowsToAsync(testbed.Other).GetAwaiter().GetResult();
            flow.FlowsToAsync(testbed.Target).GetAwaiter().GetResult();
        });

        Assert.Equal(await flow.StopAsync(), flow.Arrived);
        using var found = SwitchGuard.Open(candidate.Pins)!;
        Assert.Equal(GuardPhase.Expired, found.Read().Phase);
        found.Remove();
        Assert.Null(SwitchGuard.Open(candidate.Pins));
    }

    [Fact]
    public async Task Confirmed_StaysAfterItsTime()
    {
        using var devmap = testbed.Open(Definition);
        using var candidate = Candidate.Beside(testbed, devmap, AttachMode.Native, testbed.Other);
        using var guard = SwitchGuard.Prepare(candidate.Pins, watches: true);
        guard.Arm(new GuardOrder(Soon, 1), candidate.MapId);
        Assert.Equal(GuardPhase.Armed, guard.Read().Phase);
        Assert.Throws<InvalidOperationException>(guard.Remove);

        Assert.True(guard.Confirm());

        Assert.False(guard.TakeBack(candidate.Slots));
        await Task.Delay(Soon * 2);
        Assert.Equal((1u, GuardPhase.Confirmed), (candidate.Slots.Active, guard.Read().Phase));
        Assert.NotNull(guard.Read().EndTime);
    }

    [Fact]
    public void Cancelled_IsTakenBackAtOnceAndFromEitherPlace()
    {
        using var devmap = testbed.Open(Definition);
        using var candidate = Candidate.Beside(testbed, devmap, AttachMode.Native, testbed.Other);
        for (var time = 0u; time < 2; time++)
        {
            using var guard = SwitchGuard.Prepare(candidate.Pins, watches: false);
            guard.Arm(new GuardOrder(Never), candidate.MapId);
            Assert.Equal(time ^ 1, candidate.Slots.Active);

            Assert.True(guard.TakeBack(candidate.Slots));

            Assert.Equal((time, GuardPhase.Cancelled), (candidate.Slots.Active, guard.Read().Phase));
            guard.Remove();
            candidate.Slots.Switch();
        }
    }

    [Theory]
    [InlineData(AttachMode.Native)]
    [InlineData(AttachMode.Generic)]
    public async Task RedirectErrors_TakeTheTableBackAtExactlyTheirLimit(AttachMode mode)
    {
        const ulong Limit = 100;
        using var broken = new TestInterface(testbed.Space, new VethOptions { AcceptsRedirect = true });
        using var devmap = testbed.Open(Definition);
        using var candidate = Candidate.Beside(testbed, devmap, mode, broken);
        broken.Pair.SetUp(false);
        await using var flow = Flow.Start(testbed);
        await flow.FlowsToAsync(testbed.Target);
        using (var guard = SwitchGuard.Prepare(candidate.Pins, watches: true))
            guard.Arm(new GuardOrder(Never, Limit), candidate.MapId);

        using var found = SwitchGuard.Open(candidate.Pins)!;
        await Eventually.Async(() => found.Read().IsTakenBack);
        await flow.FlowsToAsync(testbed.Target);

        Assert.Equal(await flow.StopAsync() - Limit, flow.Arrived);
        var report = found.Read();
        Assert.Equal((GuardPhase.Dropped, Limit), (report.Phase, report.Drops));
    }

    [Fact]
    public async Task PinThatSomebodyRemoves_DoesNotStopTheTimerOfALivingProcess()
    {
        using var devmap = testbed.Open(Definition);
        using var candidate = Candidate.Beside(testbed, devmap, AttachMode.Native, testbed.Other);
        using var guard = SwitchGuard.Prepare(candidate.Pins, watches: false);
        guard.Arm(new GuardOrder(Soon), candidate.MapId);
        Directory.Delete(candidate.Pins.Guard.Folder, recursive: true);
        await Eventually.Async(() => candidate.Slots.Active == 0);
        Assert.Equal(GuardPhase.Expired, guard.Read().Phase);
    }

    /// <summary>The word of the place also counts changes of actions, which the daemon makes while the timer comes.</summary>
    [Fact]
    public void TimerBesideAWriter_ChangesThePlaceAlone()
    {
        const int Times = 40;
        using var devmap = testbed.Open(Definition);
        using var candidate = Candidate.Beside(testbed, devmap, AttachMode.Native, testbed.Other);
        var (changes, before) = (0ul, candidate.Slots.State >> 32);
        candidate.Slots.ShowActions();
        for (var time = 0; time < Times; time++)
        {
            using var guard = SwitchGuard.Prepare(candidate.Pins, watches: false);
            guard.Arm(new GuardOrder(TimeSpan.FromMilliseconds(2)), candidate.MapId);
            for (; guard.Read().Phase == GuardPhase.Armed; changes += 2_000)
            {
                for (var change = 0; change < 2_000; change++)
                    candidate.Slots.TurnChange();
            }

            Assert.Equal((0u, before + changes, true), (candidate.Slots.Active, candidate.Slots.State >> 32, candidate.Slots.HasActions));
        }
    }

    [Fact]
    public void Refusal_SwitchesNothing()
    {
        using var devmap = testbed.Open(Definition);
        using var candidate = Candidate.Beside(testbed, devmap, AttachMode.Native, testbed.Other);
        using var guard = SwitchGuard.Prepare(candidate.Pins, watches: false);
        guard.Arm(new GuardOrder(Never), candidate.MapId);
        Assert.True(guard.Confirm());
        candidate.Slots.Switch();

        // A guard is for one switch.
        Assert.Throws<KernelException>(() => guard.Arm(new GuardOrder(Never), candidate.MapId));

        Assert.Equal(0u, candidate.Slots.Active);
    }

    /// <summary>A devmap with one entry, and a candidate for it in the other place that sends to another target.</summary>
    private sealed class Candidate : IDisposable
    {
        private readonly FileDescriptor _map;
        private readonly IdTable _table;

        private Candidate(FrameTestbed testbed, TestInterface target)
        {
            Pins = new DevmapPins(testbed.PinFolder(Definition.Name));
            Slots = new Slots(Definition.Name, Pins);
            _map = BpfMap.Create(BpfConstants.BPF_MAP_TYPE_DEVMAP_HASH, "second", Definition.Spec.ValueSize, 16);
            _table = IdTable.Create(16);
            Assert.True(_table.TryAdd(Key, 2));
            testbed.Space.Run(() => Assert.Equal(0, BpfMap.Update(_map, Key, new bpf_devmap_val_write { ifindex = target.Ifindex })));
            Slots.Prepare(_map, _table);
        }

        public DevmapPins Pins { get; }

        public Slots Slots { get; }

        public uint MapId => BpfInfo.OfMap(_map).id;

        public static Candidate Beside(FrameTestbed testbed, TestDevmap devmap, AttachMode mode, TestInterface target)
        {
            devmap.Update(Key, testbed.Target.Ifindex);
            devmap.Attach(testbed.Ingress, mode);
            return new Candidate(testbed, target);
        }

        public void Dispose()
        {
            _table.Dispose();
            _map.Dispose();
            Slots.Dispose();
        }
    }

    /// <summary>Frames of the one key, and where they come out.</summary>
    private sealed class Flow : IAsyncDisposable
    {
        private const ulong Some = 100;
        private readonly Dictionary<TestInterface, TrafficReceiver> _receivers;
        private readonly TrafficGenerator _traffic;

        private Flow(FrameTestbed testbed)
        {
            var run = FrameMark.NewRun();
            _receivers = new[] { testbed.Target, testbed.Other }.ToDictionary(t => t, t => TrafficReceiver.Start(t.Far, run));
            _traffic = TrafficGenerator.Start(testbed.Ingress.Far, run, mark => Frames.Udp(mark, Address), new TrafficPlan(FramesPerSecond: FramesPerSecond));
        }

        public ulong Arrived => _receivers.Values.Aggregate(0ul, (sum, r) => sum + r.Delivered);

        public static Flow Start(FrameTestbed testbed) => new(testbed);

        public async Task FlowsToAsync(TestInterface target)
        {
            var before = _receivers[target].Delivered;
            await Eventually.Async(() => _receivers[target].Delivered > before + Some);
        }

        /// <summary>Returns how many frames were sent, once none is under way.</summary>
        public async Task<ulong> StopAsync()
        {
            var sent = await _traffic.StopAsync();
            for (var before = ulong.MaxValue; before != Arrived && Arrived < sent;)
            {
                before = Arrived;
                await Task.Delay(100);
            }

            return sent;
        }

        public async ValueTask DisposeAsync()
        {
            await _traffic.DisposeAsync();
            foreach (var receiver in _receivers.Values)
                receiver.Dispose();
        }
    }
}
