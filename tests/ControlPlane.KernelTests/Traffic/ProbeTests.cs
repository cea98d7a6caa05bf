using System.Buffers.Binary;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.KernelTests.Support;
using ControlPlane.Storage;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Microsoft.Extensions.Logging.Abstractions;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>
/// Probes by the core on the real kernel, with real frames. The family that reports xdp-features is hidden, as below Linux 6.3, so that a veth whose
/// peer is in another namespace is Unverified.
/// </summary>
public sealed class ProbeTests : IAsyncLifetime, IDisposable
{
    private const string Vlans = "vlans", Routes = "routes", Ports = "ports";
    private readonly UndoStack _undo = new();
    private readonly ShiftedTime _time = new();
    private readonly NetworkNamespace _space;
    private readonly TestInterface _ingress;
    private readonly TestInterface _target;
    private readonly KernelTestbed _testbed;
    private readonly ControlPlaneState _state;
    private readonly DevmapWriter _writer;
    private readonly EntryService _entries;
    private readonly AttachmentService _attachments;
    private readonly ProgramService _programs;

    public ProbeTests()
    {
        _space = _undo.Add(NetworkNamespace.Create());
        var elsewhere = _undo.Add(NetworkNamespace.Create());
        _ingress = _undo.Add(new TestInterface(_space));
        _target = _undo.Add(new TestInterface(_space, new VethOptions { AcceptsRedirect = true, PeerNamespace = elsewhere }));
        _testbed = _undo.Add(new KernelTestbed(_space, asksNetdev: false));
        _state = new ControlPlaneState(_undo.Add(new FactTimes(_testbed.Kernel, _time)));
        var (store, log) = (new MemoryStore(), _undo.Add(new ChangeLog(64)));
        _writer = _undo.Add(new DevmapWriter(
            new WriterOptions(), _testbed.Kernel, store, _state, log, new ChangeHistory(store), _time, NullLogger<DevmapWriter>.Instance));
        var drops = new DropReader(_testbed.Kernel, _time);
        var evaluators = new StatusEvaluators(_state, drops);
        var waits = _undo.Add(new EntryWaits(_state, log, _testbed.Kernel, evaluators, new PageGate(), new UnlimitedPlaces(), _time));
        _entries = new EntryService(_state, _writer, _testbed.Kernel, drops, evaluators, waits);
        _attachments = new AttachmentService(_state, _writer, _testbed.Kernel);
        _programs = new ProgramService(_state, _writer, _testbed.Kernel);
    }

    public async Task InitializeAsync()
    {
        await _space.Run(() => _writer.StartAsync(
            [
                new(Vlans, new DevmapSpec(64, KeySelector: KeySelector.Vlan, EnsureTargets: EnsureTargets.Off)),
                new(Routes, new DevmapSpec(64, KeySelector: KeySelector.Ipv4Destination, EnsureTargets: EnsureTargets.Off)),
                new(Ports, new DevmapSpec(64, EnsureTargets: EnsureTargets.Off)),
            ],
            default));
    }

    public async Task DisposeAsync()
    {
        await _writer.StopAsync(TimeSpan.FromSeconds(5));
        await _undo.DisposeAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _undo.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Theory]
    [InlineData(Vlans, "0", 10)]
    [InlineData(Vlans, "100", 100)]
    [InlineData(Routes, "10.0.0.7", 1)]
    [InlineData(Ports, null, 10)]
    public async Task Frames_ArriveAtThePeer_AndTheEntryIsForwarding(string devmap, string? key, int frames)
    {
        key ??= _ingress.Pair.Name;
        await AttachAsync(devmap, AttachMode.Native);
        Assert.Equal(EntryState.Unverified, await PutAsync(devmap, key));

        var probe = await ProbeAsync(devmap, key, frames);

        Assert.True((ConditionStatus.True, "FramesSent") == (probe.Proven.Status, probe.Proven.Reason), $"{probe}");
        Assert.Equal((frames, 1518, (ulong)frames, EntryState.Forwarding), (probe.Frames, probe.FrameBytes, probe.Sent, probe.State));
        Assert.Equal((_ingress.Pair.Name, _target.Pair.Name), (probe.Ingress, probe.Interface));
        for (var i = 0; i < frames; i++)
            AssertIsProbe(_target.Far.Receive(Patience.OfSeconds(10)), devmap, key);
        Assert.Null(_target.Far.Receive(TimeSpan.FromMilliseconds(50)));
        // No frame has reached the stack of the ingress.
        Assert.Null(_ingress.Near.Receive(TimeSpan.Zero));
        var status = Get(devmap, key).Status;
        Assert.Equal((EntryState.Forwarding, (ulong)frames, (ulong)frames * 1518), (status.State, status.Packets, status.Bytes));
        Assert.Equal(frames, _state.Proofs.FramesOf(_state.Current.Devmap(devmap).Id));
    }

    [Fact]
    public async Task PeerWithoutXdp_IsNotAccepted()
    {
        _target.Pair.DisablePeerReceive();
        await AttachAsync(Vlans, AttachMode.Native);
        Assert.Equal(EntryState.Unverified, await PutAsync(Vlans, "100"));

        // Linux 6.3 and later ask for the features of a target before they call its driver.
        if (KernelNeeds.Has(KernelFeatureNames.XdpFeatures))
            await AssertLostAsync("NotAccepted", DropCause.NotAccepted, Errno.EOPNOTSUPP);
        else
            await AssertLostAsync("NotAccepted", DropCause.PeerDown, Errno.ENXIO);
        Assert.Contains("gro on", Get(Vlans, "100").Status.Conditions.Single(c => c.Type == ConditionTypes.Proven).Remedy!.Commands[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TargetDown_IsReported()
    {
        await AttachAsync(Vlans, AttachMode.Native);
        await PutAsync(Vlans, "100");
        _target.Pair.SetUp(false);

        await AssertLostAsync("TargetDown", DropCause.TargetDown, Errno.ENETDOWN);
    }

    [Fact]
    public async Task PeerDown_IsReported()
    {
        await AttachAsync(Vlans, AttachMode.Native);
        await PutAsync(Vlans, "100");
        _target.Pair.SetPeerUp(false);

        await AssertLostAsync("PeerDown", DropCause.PeerDown, Errno.ENXIO);
    }

    [Fact]
    public async Task TargetWithASmallerMtu_IsReported()
    {
        _target.Pair.SetMtu(1400);
        await AttachAsync(Vlans, AttachMode.Native);
        await PutAsync(Vlans, "100");

        await AssertLostAsync("FrameTooLong", DropCause.FrameTooLong, Errno.EMSGSIZE);
    }

    [Fact]
    public async Task EgressProgramThatDrops_IsReported()
    {
        await AttachAsync(Vlans, AttachMode.Native);
        await _programs.PutAsync("stop", new EgressProgramSpec(new EgressProgramConfig(EgressTemplate.Drop)), RequestContext.OfDaemon());
        await PutAsync(Vlans, "100", "stop");

        await AssertLostAsync("EgressProgramDrops", DropCause.NotSent, 0);
    }

    [Fact]
    public async Task Proof_LapsesByTimeAndByChange()
    {
        await AttachAsync(Vlans, AttachMode.Native);
        await PutAsync(Vlans, "100");
        Assert.Equal(EntryState.Forwarding, (await ProbeAsync(Vlans, "100")).State);
        _time.Shift = Proofs.Lifetime - TimeSpan.FromMinutes(1);
        Assert.Equal(EntryState.Forwarding, Get(Vlans, "100").Status.State);
        _time.Shift = Proofs.Lifetime;
        Assert.Equal(EntryState.Unverified, Get(Vlans, "100").Status.State);

        Assert.Equal(EntryState.Forwarding, (await ProbeAsync(Vlans, "100")).State);
        _target.Pair.SetUp(false);
        Assert.Equal(EntryState.Undeliverable, Get(Vlans, "100").Status.State);
        _target.Pair.SetUp(true);
        await Eventually.Async(() => Get(Vlans, "100").Status.State != EntryState.Undeliverable);
        Assert.Equal(EntryState.Unverified, Get(Vlans, "100").Status.State);

        Assert.Equal(EntryState.Forwarding, (await ProbeAsync(Vlans, "100")).State);
        _target.Pair.SetMtu(1600);
        Assert.NotEqual(EntryState.Forwarding, Get(Vlans, "100").Status.State);
        _target.Pair.SetMtu(1500);

        await Eventually.Async(() => Get(Vlans, "100").Status.State == EntryState.Unverified);
        Assert.Equal(EntryState.Forwarding, (await ProbeAsync(Vlans, "100")).State);
        await _attachments.DeleteAsync(Vlans, _ingress.Pair.Name, null, false, RequestContext.OfDaemon());
        Assert.DoesNotContain(Get(Vlans, "100").Status.Conditions, c => c.Type == ConditionTypes.Proven);
    }

    [Fact]
    public async Task Probes_BesideLiveTraffic_CountTheirOwnFrames()
    {
        await AttachAsync(Vlans, AttachMode.Native);
        await PutAsync(Vlans, "100");
        await PutAsync(Vlans, "0");
        using var ended = new ManualResetEventSlim();
        var noise = Frames.Udp(default);
        var others = new Thread(() =>
        {
            while (!ended.IsSet)
                _ingress.Far.Send(noise);
        });
        others.Start();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                var probe = await ProbeAsync(Vlans, "100");
                // A full ring loses frames; nothing is proven then.
                Assert.NotEqual(ConditionStatus.False, probe.Proven.Status);
                Assert.Equal(probe.Proven.Holds, probe.Sent == 10 && probe.Drops.Count == 0);
            }
        }
        finally
        {
            ended.Set();
            others.Join();
        }

        Assert.Equal(200UL, Get(Vlans, "100").Status.Packets);
    }

    [Fact]
    public async Task Writes_GoOnBesideProbes()
    {
        await AttachAsync(Vlans, AttachMode.Native);
        await PutAsync(Vlans, "100");
        await ProbeAsync(Vlans, "100", 100);
        var probing = Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
                await ProbeAsync(Vlans, "100", 100);
        });
        var writes = 0;
        for (; !probing.IsCompleted; writes++)
            await PutAsync(Vlans, $"{1 + (writes % 50)}");

        await probing;
        Assert.True(writes > 10, $"{writes} writes were answered beside 10 probes");
    }

    [Theory]
    [InlineData(AttachMode.Generic, "generic")]
    [InlineData(AttachMode.Tcx, "tcx")]
    public async Task OtherModes_AreRefused_AndNothingIsSent(AttachMode mode, string name)
    {
        KernelNeeds.Mode(mode);
        await AttachAsync(Vlans, mode);
        await PutAsync(Vlans, "100");

        var error = (await Assert.ThrowsAsync<ControlPlaneException>(() => ProbeAsync(Vlans, "100"))).Error;

        Assert.Equal(ErrorCode.InterfaceUnsuitable, error.Code);
        Assert.Contains($"in {name} mode", error.Detail, StringComparison.Ordinal);
        Assert.Equal(new AttachmentWrite(Vlans, _ingress.Pair.Name).With("mode", "native"), error.Remedy!.Call);
        Assert.Null(_target.Far.Receive(TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task EntryThatOthersRemoved_IsNotProbed_AndNoFrameReachesTheStack()
    {
        await AttachAsync(Vlans, AttachMode.Native);
        await PutAsync(Vlans, "100");
        _space.Run(() => _state.Handles[_state.Current.Devmap(Vlans).Id].Delete(KernelTestbed.Scope, 100));

        var probe = await ProbeAsync(Vlans, "100");

        Assert.Equal((0, ConditionStatus.Unknown, "NotInKernel", null), (probe.Frames, probe.Proven.Status, probe.Proven.Reason, probe.ExpireTime));
        Assert.Null(_ingress.Near.Receive(TimeSpan.FromMilliseconds(50)));
        Assert.Null(_target.Far.Receive(TimeSpan.Zero));
    }

    [Fact]
    public async Task IngressDown_IsNotProbed()
    {
        await AttachAsync(Vlans, AttachMode.Native);
        await PutAsync(Vlans, "100");
        _ingress.Pair.SetUp(false);

        var probe = await ProbeAsync(Vlans, "100");

        Assert.Equal((0, ConditionStatus.Unknown, "IngressDown"), (probe.Frames, probe.Proven.Status, probe.Proven.Reason));
    }

    private async Task AssertLostAsync(string reason, DropCause cause, int errno)
    {
        var probe = await ProbeAsync(Vlans, "100");

        Assert.True((ConditionStatus.False, reason) == (probe.Proven.Status, probe.Proven.Reason), $"{probe}");
        Assert.Equal((0UL, EntryState.Undeliverable), (probe.Sent, probe.State));
        var drop = Assert.Single(probe.Drops);
        Assert.Equal((cause, errno, 10UL), (drop.Cause, drop.Errno, drop.Packets));
        Assert.Null(_target.Far.Receive(TimeSpan.FromMilliseconds(50)));
        Assert.Equal(probe.Proven, Get(Vlans, "100").Status.Conditions.Single(c => c.Type == ConditionTypes.Proven));
    }

    private static void AssertIsProbe(byte[]? frame, string devmap, string key)
    {
        Assert.NotNull(frame);
        Assert.Equal(1518, frame.Length);
        var ip = frame.AsSpan(14);
        if (devmap == Vlans && key != "0")
        {
            Assert.Equal((0x8100, ushort.Parse(key, null)), (BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(12)), BinaryPrimitives.ReadUInt16BigEndian(ip)));
            ip = frame.AsSpan(18);
        }

        Assert.Equal((1, 17, 9), (ip[8], ip[9], BinaryPrimitives.ReadUInt16BigEndian(ip[22..])));
        if (devmap == Routes)
            Assert.Equal(0x0a000007u, BinaryPrimitives.ReadUInt32BigEndian(ip[16..]));
        byte[] plain = [.. frame[..12], 8, 0, .. ip[..1500]];
        Assert.True(Frames.ChecksumsAreRight(plain));
    }

    private async Task AttachAsync(string devmap, AttachMode mode) =>
        await _attachments.PutAsync(devmap, _ingress.Pair.Name, new AttachmentSpec(mode), false, RequestContext.OfDaemon());

    private async Task<EntryState> PutAsync(string devmap, string key, string? program = null) =>
        (await _entries.PutAsync(devmap, key, new EntrySpec(_target.Pair.Name, program), false, RequestContext.OfDaemon())).View.Status.State;

    private async Task<Probe> ProbeAsync(string devmap, string key, int? frames = null)
    {
        using var probes = new ProbeService(
            new ProbeOptions(Enabled: true), _state, _writer, _entries, _testbed.Kernel, _time, NullLogger<ProbeService>.Instance);
        return await probes.ProbeAsync(devmap, key, frames, RequestContext.OfDaemon());
    }

    private Entry Get(string devmap, string key) => _entries.Get(devmap, key, RequestContext.OfDaemon());

    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
    }
}
