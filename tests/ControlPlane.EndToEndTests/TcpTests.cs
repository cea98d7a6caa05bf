using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Real TCP between two namespaces, whose checksums the kernel leaves to the devices.</summary>
public sealed class TcpTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const int Bytes = 1_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ShortPatience = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData("native")]
    [InlineData("tcx")]
    [InlineData("auto")]
    public async Task Tcp_ArrivesBothWaysInBothFamilies(string mode)
    {
        await using var testbed = await daemon.UseAsync();
        var (left, right) = await ConnectAsync(testbed, Testbed.ByInterface, mode);
        var before = (await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Traffic;

        Assert.Equal(Bytes, await TcpTransfer.SendAsync(left.Space, right.Space, right.Ipv4, Bytes, Patience));
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(right.Space, left.Space, left.Ipv4, Bytes, Patience));
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(left.Space, right.Space, right.Ipv6, Bytes, Patience));
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(right.Space, left.Space, left.Ipv6, Bytes, Patience));

        var traffic = (await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Traffic;
        Assert.Equal(mode == "native", traffic.ChecksumsCompleted > before.ChecksumsCompleted);
        Assert.Equal(before.ChecksumsIncomplete, traffic.ChecksumsIncomplete);
        Assert.Equal(mode != "native", traffic.PeerRedirectedPackets > before.PeerRedirectedPackets);
        foreach (var end in new[] { left, right })
            Assert.Equal(0, end.ChecksumErrors());
    }

    [Fact]
    public async Task CompleteChecksumsOff_LosesThem()
    {
        await using var testbed = await Testbed.StartAsync(arguments: "--ControlPlane:Devmaps:0:CompleteChecksums=off");
        var (left, right) = await ConnectAsync(testbed, Testbed.ByInterface, "native");

        Assert.Equal(0, await TcpTransfer.SendAsync(left.Space, right.Space, right.Ipv4, Bytes, ShortPatience));

        Assert.NotEqual(0, right.ChecksumErrors());
        await FollowRemediesAsync(testbed, "ChecksumsLost", left, right);
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(left.Space, right.Space, right.Ipv4, Bytes, Patience));
    }

    [Fact]
    [Follows(typeof(CommonRemedies), nameof(CommonRemedies.PeerOffloadsOff))]
    public async Task GenericMode_LosesFramesOfManySegments_UntilTheRemedyIsFollowed()
    {
        await using var testbed = await daemon.UseAsync();
        var (left, right) = await ConnectAsync(testbed, Testbed.ByInterface, "generic");

        Assert.NotEqual(Bytes, await TcpTransfer.SendAsync(left.Space, right.Space, right.Ipv4, Bytes, ShortPatience));

        await FollowRemediesAsync(testbed, "SegmentsLost", left, right);
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(left.Space, right.Space, right.Ipv4, Bytes, Patience));
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(right.Space, left.Space, left.Ipv6, Bytes, Patience));

        // In generic mode the kernel merges no received frames, whatever the settings of our own end.
        testbed.Space.Shell("ethtool", "-K", left.Port.Name, "gro", "on");
        testbed.Space.Shell("ethtool", "-K", right.Port.Name, "gro", "on");
        await testbed.AssertConsistentAsync();
        Assert.Equal("Forwarding", (await testbed.Http.EntryAsync(Testbed.ByInterface, left.Port.Name)).Status.State);
        Assert.Equal(Bytes, await TcpTransfer.SendAsync(left.Space, right.Space, right.Ipv4, Bytes, Patience));
    }

    // The entry is Undeliverable for this reason, and the remedy, followed to the letter, makes it Forwarding.
    private static async Task FollowRemediesAsync(Testbed testbed, string reason, params TcpEnd[] ends)
    {
        foreach (var end in ends)
        {
            var status = (await testbed.Http.EntryAsync(Testbed.ByInterface, end.Port.Name)).Status;
            Assert.Equal(("Undeliverable", reason), (status.State, status.Faults.Single(c => c.Type == "IngressKeepsFrames").Reason));
            await testbed.RunRemedyAsync(status.Faults.Single(c => c.Type == "IngressKeepsFrames").Remedy!, end.Port.Pair);
            await testbed.WaitForStateAsync(Testbed.ByInterface, end.Port.Name, "Forwarding");
        }
    }

    private static async Task<(TcpEnd Left, TcpEnd Right)> ConnectAsync(Testbed testbed, string devmap, string mode)
    {
        var (left, right) = (new TcpEnd(testbed.AddPort(), 1), new TcpEnd(testbed.AddPort(), 2));
        foreach (var (from, to) in new[] { (left, right), (right, left) })
        {
            await testbed.Http.AttachAsync(devmap, from.Port.Name, mode);
            await testbed.Http.PutEntryAsync(devmap, from.Port.Name, to.Port.Name);
        }

        return (left, right);
    }

    /// <summary>The far end of a port, with addresses.</summary>
    private sealed class TcpEnd
    {
        private readonly int _number;

        public TcpEnd(Port port, int number)
        {
            (Port, _number) = (port, number);
            var name = port.Pair.PeerName;
            Space.Run(() => NetworkNamespace.EnableIpv6(name));
            Space.Shell("ip", "addr", "add", $"{Ipv4}/24", "dev", name);
            Space.Shell("ip", "addr", "add", $"{Ipv6}/64", "dev", name, "nodad");
            Space.Shell("ethtool", "-K", name, "tx", "on", "tso", "on");
        }

        public Port Port { get; }

        public NetworkNamespace Space => Port.Pair.PeerNamespace;

        public string Ipv4 => $"10.9.9.{_number}";

        public string Ipv6 => $"fd00:9::{_number}";

        /// <summary>TCP segments that this end has dropped because of their checksums.</summary>
        public long ChecksumErrors() => Space.Run(() =>
        {
            string[][] lines = [.. File.ReadLines("/proc/thread-self/net/snmp").Where(l => l.StartsWith("Tcp:", StringComparison.Ordinal)).Select(l => l.Split(' '))];
            return long.Parse(lines[1][Array.IndexOf(lines[0], "InCsumErrors")], CultureInfo.InvariantCulture);
        });
    }
}
