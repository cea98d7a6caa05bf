using System.Globalization;
using System.Text.Json;
using ControlPlane.Core.Model;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Frames in tcx mode go to the peer of their target directly, but never past anything at the target's egress.</summary>
public sealed class PeerRedirectTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const uint Key = 0x0a000007;
    private const string Address = "10.0.0.7";
    private const int LongPayload = 1200;
    private static readonly DevmapRecord Definition = new("peers", new DevmapSpec(4, KeySelector: KeySelector.Ipv4Destination));
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);
    private readonly ulong _run = FrameMark.NewRun();
    private ulong _next;

    private FrameTestbed Testbed => testbed;

    /// <summary>Something that a frame must not go past, the judgement, and whether it lets frames through.</summary>
    public static TheoryData<string, PeerUse, bool> Hooks => new()
    {
        { "qdisc", PeerUse.Qdisc, true },
        { "clsact", PeerUse.EgressProgram, true },
        { "tcx program", PeerUse.EgressProgram, false },
        { "listener", PeerUse.Listener, true },
        { "native XDP of the peer", PeerUse.Xdp, false },
        { "target down", PeerUse.Down, false },
        { "peer down", PeerUse.Down, false },
    };

    [Fact]
    public void FrameWithThePeersAddress_GoesThereDirectlyAndCounts()
    {
        using var site = Open();

        site.Send(3);
        site.Send(1, payload: 64, new VlanTag(100));

        var arrived = site.Far.Receive(_run, 4, Deadline);
        Assert.Equal(4, arrived.Count);
        Assert.Equal(18 + 28 + 64, arrived[^1].Length); // with its tag
        Assert.Equal(PeerUse.Used, site.Use);
        Assert.Equal((4ul, 0L), (site.Direct, site.SentByTarget));
        Assert.Equal(4ul, site.Devmap.Kernel.ReadTotals()!.Value.RedirectedPackets);
        Assert.Equal(4ul, site.Devmap.Kernel.ReadCounters(Key).Packets);
        Assert.Equal((ulong)arrived.Sum(f => f.Length), site.Devmap.Kernel.ReadCounters(Key).Bytes);
    }

    [Fact]
    public void FrameWithAnotherAddress_GoesThroughTheTarget()
    {
        using var site = Open();

        testbed.Ingress.Far.Send(Frames.Udp(new FrameMark(_run, 0), Address));

        Assert.Single(site.Far.Receive(_run, 1, Deadline));
        Assert.Equal((0ul, 1L), (site.Direct, site.SentByTarget));
    }

    [Fact]
    public void FrameLongerThanThePeerTakes_IsDroppedByTheTarget()
    {
        using var site = Open();
        site.Pair.SetPeerMtu(1000);

        site.Send(1, LongPayload);
        site.Send(1);

        Assert.Single(site.Far.ReceiveUntilQuiet(_run, Quiet));
        Assert.Equal(1ul, site.Direct);
    }

    [Theory]
    [MemberData(nameof(Hooks))]
    public void Hook_IsNeverSkipped(string kind, PeerUse judgement, bool passes)
    {
        using var site = Open();
        site.Send(1);
        Assert.Single(site.Far.Receive(_run, 1, Deadline));

        using (Add(kind, site.Pair))
        {
            Assert.Equal(judgement, site.Use);
            site.Send(3);
            Assert.Equal(passes ? 3 : 0, site.Far.ReceiveUntilQuiet(_run, Quiet).Count);
        }

        Assert.Equal(PeerUse.Used, site.Use);
        site.Send(1);
        Assert.Single(site.Far.Receive(_run, 1, Deadline));
        Assert.Equal(2ul, site.Direct);
    }

    [Fact]
    public void HookThatComesWhileNoDaemonRuns_IsNotSkipped()
    {
        using var site = Open();

        site.Devmap.Restart(meanwhile: () =>
        {
            var hook = EgressHook.DropByTcx(site.Pair.Namespace, site.Pair.Name);
            site.Send(3);
            Assert.Empty(site.Far.ReceiveUntilQuiet(_run, Quiet));
            hook.Dispose();
            site.Send(3);
            Assert.Equal(3, site.Far.Receive(_run, 3, Deadline).Count);
        });

        Assert.Equal(3ul, site.Direct);
    }

    [Fact]
    public void GenericXdpOfThePeer_Runs()
    {
        using var site = Open();
        using var hook = EgressHook.DropByXdp(site.Pair.PeerNamespace, site.Pair.PeerName, native: false);

        site.Send(3);

        Assert.Equal(PeerUse.Used, site.Use);
        Assert.Equal(3ul, site.Direct);
        Assert.Empty(site.Far.ReceiveUntilQuiet(_run, Quiet));
    }

    /// <summary>The kernel hides the frames from these hooks in either way, so nothing is skipped.</summary>
    [Theory]
    [InlineData(RedirectPeer.Auto, PeerUse.Used)]
    [InlineData(RedirectPeer.Off, PeerUse.Off)]
    public void NetfilterAtTheEgress_SeesNoFrameThatIsRedirectedAtAnIngress(RedirectPeer setting, PeerUse use)
    {
        using var site = Open(setting: setting);
        using var hook = EgressHook.DropByNetfilter(testbed.Space, site.Pair.Name);

        site.Send(3);

        Assert.Equal(use, site.Use);
        Assert.Equal(3, site.Far.Receive(_run, 3, Deadline).Count);
    }

    [Theory]
    [InlineData("passing tcx program")]
    [InlineData("listener")]
    public async Task HooksThatComeAndGo_LoseNoFrame(string kind)
    {
        using var site = Open();
        var report = await WhileHooksComeAndGo(site, kind);
        Assert.Equal(new TrafficReport(report.Sent, report.Sent, 0, null), report);
        Assert.Equal(report.Sent, site.Direct + (ulong)site.SentByTarget);
    }

    /// <summary>The kernel itself drops frames while it changes a qdisc, whichever program sends them.</summary>
    [Theory]
    [InlineData("qdisc")]
    [InlineData("clsact")]
    public async Task QdiscsThatComeAndGo_AreNotSkipped(string kind)
    {
        using var site = Open();
        var report = await WhileHooksComeAndGo(site, kind);
        Assert.InRange(site.Direct + (ulong)site.SentByTarget, report.Delivered, report.Sent);
    }

    [Fact]
    public void PeerInTheSameNamespace_IsReachedThroughTheTarget()
    {
        using var site = Open(testbed.Space);

        site.Send(2);

        Assert.Equal(2, site.Far.Receive(_run, 2, Deadline).Count);
        Assert.Equal(PeerUse.SameNamespace, site.Use);
        Assert.Equal((0ul, 2L), (site.Direct, site.SentByTarget));
    }

    [Fact]
    public void TargetWithoutAPeer_IsReached()
    {
        using var site = Open();
        testbed.Space.Shell("ip", "link", "add", "name", "bridge7", "type", "bridge");
        site.Devmap.Update(Key, testbed.Space.IfindexOf("bridge7"));

        Assert.Equal(PeerUse.NotVeth, site.Use);
        site.Devmap.Delete(Key);
        Assert.Equal(PeerUse.NoEntry, site.Use);
        testbed.Space.Shell("ip", "link", "del", "dev", "bridge7");
    }

    [Fact]
    public async Task Off_ReplacesTheProgramWithoutLosingAFrame()
    {
        using var site = Open();
        using var receiver = TrafficReceiver.Start(site.Far, _run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, _run, site.Frame, new TrafficPlan(FramesPerSecond: 10_000));
        foreach (var setting in new[] { RedirectPeer.Off, RedirectPeer.Auto, RedirectPeer.Off })
        {
            await Eventually.Async(() => receiver.Delivered > 300);
            site.Devmap.Restart(definition: Definition with { Spec = Definition.Spec with { RedirectPeer = setting } });
            var (direct, before) = (site.Direct, receiver.Delivered);
            await Eventually.Async(() => receiver.Delivered > before + 300);
            Assert.Equal(setting == RedirectPeer.Off ? PeerUse.Off : PeerUse.Used, site.Use);
            Assert.Equal(setting == RedirectPeer.Auto, site.Direct > direct);
        }

        var sent = await traffic.StopAsync();
        Assert.Equal(new TrafficReport(sent, sent, 0, null), await receiver.ReportAsync(sent));
    }

    [Theory]
    [InlineData("10.9.8.1", "10.9.8.2")]
    [InlineData("fd00:98::1", "fd00:98::2")]
    public async Task Tcp_ArrivesWhileHooksComeAndGo(string left, string right)
    {
        const int Bytes = 10_000_000;
        const int Changes = 20;
        KernelNeeds.Mode(AttachMode.Tcx);
        using var ends = new TcpEnds(testbed, left, right);
        using var devmap = testbed.Open(Definition with { Name = "peerstcp", Spec = new DevmapSpec(4) });
        ends.Connect(devmap);

        for (var changes = 0; changes < Changes;)
        {
            var transfer = TcpTransfer.SendAsync(ends.Left.PeerNamespace, ends.Right.PeerNamespace, right, Bytes, _patience);
            for (; !transfer.IsCompleted; changes++)
            {
                using var hook = EgressHook.Clsact(testbed.Space, ends.Right.Name);
                await Task.Delay(10);
            }

            Assert.Equal(Bytes, await transfer);
        }

        Assert.Equal(100_000, await TcpTransfer.SendAsync(ends.Right.PeerNamespace, ends.Left.PeerNamespace, left, 100_000, _patience));
        var totals = devmap.Kernel.ReadTotals()!.Value;
        Assert.InRange(totals.PeerRedirectedPackets, 1ul, totals.RedirectedPackets);
        // All that did not go directly went through a target, frames of many segments as one.
        Assert.InRange((ulong)(Sent(testbed.Space, ends.Left.Name) + Sent(testbed.Space, ends.Right.Name)), 1ul, totals.RedirectedPackets - totals.PeerRedirectedPackets);
    }

    /// <summary>From 10 ms after each change no frame goes past the hook.</summary>
    private async Task<TrafficReport> WhileHooksComeAndGo(Site site, string kind)
    {
        using var receiver = TrafficReceiver.Start(site.Far, _run);
        await using var traffic = TrafficGenerator.Start(testbed.Ingress.Far, _run, site.Frame, new TrafficPlan(FramesPerSecond: 10_000));
        for (var change = 0; change < 5; change++)
        {
            var direct = site.Direct;
            await Eventually.Async(() => site.Direct > direct + 100);
            using var hook = Add(kind, site.Pair);
            await Task.Delay(10);
            direct = site.Direct;
            var before = receiver.Delivered;
            await Eventually.Async(() => receiver.Delivered > before + 100);
            Assert.Equal(direct, site.Direct);
        }

        return await receiver.ReportAsync(await traffic.StopAsync());
    }

    private static EgressHook Add(string kind, VethPair pair) => kind switch
    {
        "qdisc" => EgressHook.Qdisc(pair.Namespace, pair.Name),
        "clsact" => EgressHook.Clsact(pair.Namespace, pair.Name),
        "tcx program" => EgressHook.DropByTcx(pair.Namespace, pair.Name),
        "passing tcx program" => EgressHook.PassByTcx(pair.Namespace, pair.Name),
        "listener" => EgressHook.Listener(pair.Namespace, pair.Name),
        "native XDP of the peer" => EgressHook.DropByXdp(pair.PeerNamespace, pair.PeerName, native: true),
        "target down" => EgressHook.Down(pair.Namespace, pair.Name),
        "peer down" => EgressHook.Down(pair.PeerNamespace, pair.PeerName),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static long Sent(NetworkNamespace space, string name) =>
        JsonDocument.Parse(space.Shell("ip", "-j", "-s", "link", "show", "dev", name)).RootElement[0].GetProperty("stats64").GetProperty("tx").GetProperty("packets").GetInt64();

    private Site Open(NetworkNamespace? peers = null, RedirectPeer setting = RedirectPeer.Auto) => new(this, peers, setting);

    /// <summary>A devmap whose one entry sends to a veth with its peer in another namespace.</summary>
    private sealed class Site : IDisposable
    {
        private readonly PeerRedirectTests _test;
        private readonly NetworkNamespace _peers;
        private readonly bool _ownsPeers;
        private readonly MacAddress _address;

        public Site(PeerRedirectTests test, NetworkNamespace? peers, RedirectPeer setting)
        {
            KernelNeeds.Mode(AttachMode.Tcx); // before anything is made
            (_test, _ownsPeers, _peers) = (test, peers is null, peers ?? NetworkNamespace.Create());
            Pair = VethPair.Create(test.Testbed.Space, new VethOptions { PeerNamespace = _peers });
            Far = FrameSocket.OpenPeer(Pair);
            _address = Pair.PeerMac;
            Devmap = test.Testbed.Open(Definition with { Spec = Definition.Spec with { RedirectPeer = setting } });
            Devmap.Update(Key, Pair.Ifindex);
            Devmap.Attach(test.Testbed.Ingress, AttachMode.Tcx);
        }

        public VethPair Pair { get; }

        public FrameSocket Far { get; }

        public TestDevmap Devmap { get; }

        public PeerUse Use => Devmap.Kernel.ReadPeerUse(Key);

        public ulong Direct => Devmap.Kernel.ReadTotals()!.Value.PeerRedirectedPackets;

        public long SentByTarget => Sent(_test.Testbed.Space, Pair.Name);

        public byte[] Frame(FrameMark mark) => Frames.WithMacs(Frames.Udp(mark, Address), Frames.Source, _address);

        public void Send(int count, int payload = 64, params ReadOnlySpan<VlanTag> tags)
        {
            for (var i = 0; i < count; i++)
                _test.Testbed.Ingress.Far.Send(Frames.WithMacs(Frames.Udp(new FrameMark(_test._run, _test._next++), Address, payload, tags), Frames.Source, _address));
        }

        public void Dispose()
        {
            Devmap.Dispose();
            Far.Dispose();
            Pair.Dispose();
            if (_ownsPeers)
                _peers.Dispose();
        }
    }

    /// <summary>Two veths with addresses at their peers, each in a namespace of its own.</summary>
    private sealed class TcpEnds : IDisposable
    {
        private readonly FrameTestbed _bed;
        private readonly UndoStack _undo = new();

        public TcpEnds(FrameTestbed bed, string left, string right)
        {
            _bed = bed;
            (Left, Right) = (Add(left), Add(right));
        }

        public VethPair Left { get; }

        public VethPair Right { get; }

        public void Connect(TestDevmap devmap)
        {
            foreach (var (from, to) in new[] { (Left, Right), (Right, Left) })
            {
                devmap.Update(from.Ifindex, to.Ifindex);
                devmap.Attach(from, AttachMode.Tcx);
            }
        }

        public void Dispose() => _undo.DisposeAsync().AsTask().GetAwaiter().GetResult();

        private VethPair Add(string address)
        {
            var pair = _undo.Add(VethPair.Create(_bed.Space, new VethOptions { PeerNamespace = _undo.Add(NetworkNamespace.Create()) }));
            var ipv6 = address.Contains(':', StringComparison.Ordinal);
            if (ipv6)
                pair.PeerNamespace.Run(() => NetworkNamespace.EnableIpv6(pair.PeerName));
            string[] command = ["addr", "add", string.Create(CultureInfo.InvariantCulture, $"{address}/{(ipv6 ? 64 : 24)}"), "dev", pair.PeerName];
            pair.PeerNamespace.Shell("ip", ipv6 ? [.. command, "nodad"] : command);
            return pair;
        }
    }
}
