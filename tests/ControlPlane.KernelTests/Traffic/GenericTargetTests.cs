using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.KernelTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.KernelTests.Traffic;

/// <summary>Devices of the kinds that this kernel has, as targets in generic mode: the verdict by kind is what happens to real frames.</summary>
public sealed class GenericTargetTests(FrameTestbed testbed) : IClassFixture<FrameTestbed>
{
    private const int Frames = 5;
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData("bridge", "link add {0} type bridge mcast_snooping 0", true)]
    [InlineData("macvlan", "link add link {1} name {0} type macvlan mode bridge", true)]
    [InlineData("vxlan", "link add {0} type vxlan id 5 dstport 4789 local 127.0.0.1 remote 127.0.0.1", true)]
    [InlineData("ifb", "link add {0} type ifb", false)]
    [InlineData("lo", "", false)]
    public void Frames_LeaveByKindsThatSend_AndByNoOthers(string kind, string command, bool sends)
    {
        var name = kind == "lo" ? "lo" : $"k{kind}";
        if (command.Length > 0)
        {
            Ip(string.Format(CultureInfo.InvariantCulture, command, name, testbed.Other.Pair.Name));
            testbed.Space.Run(() => NetworkNamespace.DisableIpv6(name)); // like a bridge without snooping, it sends nothing of its own
        }

        try
        {
            Ip($"link set {name} up");
            var target = testbed.Kernel.Interfaces.Query(name)!;
            Assert.Equal(sends, LinkKinds.Sends(target));
            Assert.Equal(sends, LinkKinds.SinkBehaviour(target) is null);
            using var devmap = testbed.Open(new DevmapRecord("kinds", new DevmapSpec(64)));
            devmap.Update(testbed.Ingress.Ifindex, target.Ifindex);
            devmap.Attach(testbed.Ingress, AttachMode.Generic);
            var before = Statistics(name);

            foreach (var frame in TestFrames.WithKey(KeySelector.IngressInterface, FrameMark.NewRun()).Take(Frames))
                testbed.Ingress.Far.Send(frame);

            Thread.Sleep(Settled);
            var (received, sent) = Statistics(name);
            var redirected = devmap.Kernel.ReadCounters(testbed.Ingress.Ifindex).Packets;
            Assert.True(redirected > 0);
            // Loopback counts a frame as sent and as received: it came back.
            Assert.Equal(sends ? redirected : 0, sent - before.Sent - (kind == "lo" ? received - before.Received : 0));
        }
        finally
        {
            if (command.Length > 0)
                Ip($"link del {name}");
        }
    }

    // Received and sent packets of an interface: /proc/net/dev, columns 2 and 10.
    private (ulong Received, ulong Sent) Statistics(string name) => testbed.Space.Run(() =>
    {
        var line = File.ReadAllLines("/proc/thread-self/net/dev").Single(l => l.TrimStart().StartsWith($"{name}:", StringComparison.Ordinal));
        var columns = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (ulong.Parse(columns[1], CultureInfo.InvariantCulture), ulong.Parse(columns[9], CultureInfo.InvariantCulture));
    });

    private void Ip(string arguments) => testbed.Space.Shell("ip", arguments.Split(' '));
}
