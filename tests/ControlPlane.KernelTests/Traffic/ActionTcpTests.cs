using ControlPlane.Core.Model;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>TCP between two hosts, whose frames arrive only because of their actions. Its segments and checksums are as a host with offloads sends them.</summary>
public sealed class ActionTcpTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const int Bytes = 300_000;
    private const ushort Vlan = 101;
    private const string Bogus = "02:00:00:00:00:99"; // nobody's
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly MacAddress Router = new(0x02_00_00_00_cc_03);
    private static readonly DevmapRecord Definition = new("tcp", new DevmapSpec(64, MissAction: MissAction.Pass));

    public static TheoryData<AttachMode, bool, RedirectPeer> Ways()
    {
        var ways = new TheoryData<AttachMode, bool, RedirectPeer>();
        foreach (var ipv6 in new[] { false, true })
        {
            ways.Add(AttachMode.Native, ipv6, RedirectPeer.Off);
            ways.Add(AttachMode.Generic, ipv6, RedirectPeer.Off);
            ways.Add(AttachMode.Tcx, ipv6, RedirectPeer.Off);
            ways.Add(AttachMode.Tcx, ipv6, RedirectPeer.Auto);
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task AddressesAndTtl_OverIt(AttachMode mode, bool ipv6, RedirectPeer peer)
    {
        var (left, right) = ipv6 ? ("fd07::1", "fd07::2") : ("10.7.0.1", "10.7.0.2");
        using var ends = new Ends(testbed, mode);
        Ends.Address(ends.Left, left, right);
        Ends.Address(ends.Right, right, left);
        using var devmap = testbed.Open(Definition with { Spec = Definition.Spec with { RedirectPeer = peer } });
        Connect(devmap, ends, mode, new EntryActions(Router, ends.Right.PeerMac, DecrementTtl: true), new EntryActions(Router, ends.Left.PeerMac, DecrementTtl: true));

        Assert.Equal(Bytes, await TcpTransfer.SendAsync(ends.Left.PeerNamespace, ends.Right.PeerNamespace, right, Bytes, Patience));
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(ends.Right.PeerNamespace, ends.Left.PeerNamespace, left, Bytes, Patience));
        if (peer == RedirectPeer.Auto && devmap.Kernel.ReadPeerUse(ends.Left.Ifindex) == PeerUse.Used)
            Assert.NotEqual(0ul, devmap.Kernel.ReadTotals()!.Value.PeerRedirectedPackets);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task TaggedOnTheWay_OverIt(AttachMode mode, bool ipv6, RedirectPeer peer)
    {
        var (left, right) = ipv6 ? ("fd07::1", "fd07::2") : ("10.7.0.1", "10.7.0.2");
        using var ends = new Ends(testbed, mode);
        Ends.Address(ends.Left, left, right);
        Ends.Address(ends.Right, right, left);
        using var trunk = VethPair.Create(testbed.Space, new VethOptions { AcceptsRedirect = true, PeerOffloads = mode == AttachMode.Tcx });
        trunk.Namespace.Shell("ethtool", "-K", trunk.Name, "gro", "on");
        using var devmap = testbed.Open(Definition with { Spec = Definition.Spec with { RedirectPeer = peer } });
        devmap.Update(ends.Left.Ifindex, trunk.Ifindex, actions: new EntryActions(DestinationMac: ends.Right.PeerMac, PushVlan: Vlan));
        devmap.Update(trunk.PeerIfindex, ends.Right.Ifindex, actions: new EntryActions(PopVlan: true, DecrementTtl: true));
        devmap.Update(ends.Right.Ifindex, trunk.PeerIfindex, actions: new EntryActions(DestinationMac: ends.Left.PeerMac, PushVlan: Vlan, DecrementTtl: true));
        devmap.Update(trunk.Ifindex, ends.Left.Ifindex, actions: new EntryActions(PopVlan: true));
        foreach (var ingress in new[] { ends.Left.Name, ends.Right.Name, trunk.Name, trunk.PeerName })
            devmap.Attach(ingress, mode);

        Assert.Equal(Bytes, await TcpTransfer.SendAsync(ends.Left.PeerNamespace, ends.Right.PeerNamespace, right, Bytes, Patience));
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(ends.Right.PeerNamespace, ends.Left.PeerNamespace, left, Bytes, Patience));
        Assert.Equal(0ul, devmap.Kernel.ReadTotals()!.Value.ActionFailedPackets);
    }

    private static void Connect(TestDevmap devmap, Ends ends, AttachMode mode, EntryActions toRight, EntryActions toLeft)
    {
        devmap.Update(ends.Left.Ifindex, ends.Right.Ifindex, actions: toRight);
        devmap.Update(ends.Right.Ifindex, ends.Left.Ifindex, actions: toLeft);
        devmap.Attach(ends.Left, mode);
        devmap.Attach(ends.Right, mode);
    }

    /// <summary>Two veths whose peers are two hosts. They know a wrong address of each other.</summary>
    private sealed class Ends : IDisposable
    {
        private readonly UndoStack _undo = new();

        public Ends(FrameTestbed bed, AttachMode mode)
        {
            KernelNeeds.Mode(mode);
            (Left, Right) = (Add(bed), Add(bed));

            VethPair Add(FrameTestbed testbed) => _undo.Add(VethPair.Create(
                testbed.Space,
                new VethOptions { PeerNamespace = _undo.Add(NetworkNamespace.Create()), AcceptsRedirect = true, PeerOffloads = mode == AttachMode.Tcx }));
        }

        public VethPair Left { get; }

        public VethPair Right { get; }

        public static void Address(VethPair pair, string own, string other)
        {
            var device = pair.PeerName;
            var ipv6 = own.Contains(':', StringComparison.Ordinal);
            if (ipv6)
                pair.PeerNamespace.Run(() => NetworkNamespace.EnableIpv6(device));
            string[] command = ["addr", "add", $"{own}/{(ipv6 ? 64 : 24)}", "dev", device];
            pair.PeerNamespace.Shell("ip", ipv6 ? [.. command, "nodad"] : command);
            pair.PeerNamespace.Shell("ip", "neigh", "replace", other, "lladdr", Bogus, "dev", device);
        }

        public void Dispose() => _undo.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
