using System.Text.RegularExpressions;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Runs the walk-through of the README, with this test's own names of namespaces and interfaces.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task WalkThrough_SteersFramesAsItSays()
    {
        var (left, right) = (LabNames.Next(), LabNames.Next());
        await using var testbed = await Testbed.StartAsync();
        testbed.Space.Shell("ip", "link", "set", "lo", "up");
        var blocks = Blocks().Matches(WalkThrough()).Select(m => m.Groups["block"].Value
            .Replace("/run/devmapd/devmapd.sock", testbed.Runner.Daemon.UnixSocket, StringComparison.Ordinal)
            .Replace("$PWD/src/ControlPlane.Daemon/bin/Release/net10.0", Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory), StringComparison.Ordinal)
            .Replace("http://127.0.0.1:5080/", testbed.Runner.Daemon.Rest.ToString(), StringComparison.Ordinal)
            .Replace("scripts/", Repository.PathOf("scripts/"), StringComparison.Ordinal)
            .Replace("/sys/fs/bpf/devmapd", testbed.Runner.PinRoot, StringComparison.Ordinal)
            .Replace("left", left, StringComparison.Ordinal)
            .Replace("right", right, StringComparison.Ordinal)).ToList();
        try
        {
            // One shell for all blocks, as a reader has: variables last from block to block.
            // devmapd finds the socket of this test by its environment.
            var socket = $"export ControlPlane__Listen__UnixSocket={testbed.Runner.Daemon.UnixSocket}\n";
            var output = testbed.Space.ShellWithInput(socket + string.Join("\necho === >&1\n", blocks), "bash", "-e").Split("===\n");
            Assert.Equal(blocks.Count, output.Length);
            var (attached, explained, reached, map, byGrpc) = (output[1], output[2], output[3], output[4], output[5]);
            var (byToken, acted, counted, auto) = (output[6], output[7], output[8], output[9]);
            Assert.Equal(2, CountOfState(attached, "Attached"));
            Assert.Equal(2, CountOfState(attached, "Undeliverable"));
            Assert.All([left, right], name => Assert.Contains($"ip netns exec {name} ethtool -K eth0 gro on", attached, StringComparison.Ordinal));
            Assert.Contains("FAIL  TargetAcceptsRedirect", explained, StringComparison.Ordinal);
            Assert.Contains("\nDROPPED (PeerWithoutXdp): ", explained, StringComparison.Ordinal);
            Assert.Contains(" 0% packet loss", reached, StringComparison.Ordinal);
            Assert.Contains("\"Forwarding\"", reached, StringComparison.Ordinal);
            Assert.Contains("the same\n", reached, StringComparison.Ordinal);
            Assert.Equal(2, Regex.Count(auto, "\"mode\": ?\"tcx\""));
            Assert.Contains("the same\n", auto, StringComparison.Ordinal);
            Assert.Contains("\"Forwarding\"", auto, StringComparison.Ordinal);
            Assert.Contains("ENTRY_STATE_FORWARDING", byGrpc, StringComparison.Ordinal);
            Assert.Contains("\"Forwarding\"", byToken, StringComparison.Ordinal);
            Assert.Contains("key:", map, StringComparison.Ordinal);
            Assert.Contains(" 0% packet loss", acted, StringComparison.Ordinal);
            Assert.Contains("ok    ActionsRun", acted, StringComparison.Ordinal);
            Assert.Matches("\"packets\": ?[1-9]", counted);
        }
        finally
        {
            foreach (var name in new[] { left, right }.Where(n => File.Exists($"/run/netns/{n}")))
                Shell.Run("ip", "netns", "delete", name);
        }
    }

    private static int CountOfState(string answers, string state) => Regex.Count(answers, $"\"state\": ?\"{state}\"");

    private static string WalkThrough()
    {
        var readme = File.ReadAllText(Repository.PathOf("README.md"));
        var begin = readme.IndexOf("<!-- walk-through:", StringComparison.Ordinal);
        return readme[begin..readme.IndexOf("<!-- walk-through ends -->", StringComparison.Ordinal)];
    }

    [GeneratedRegex("```sh\n(?<block>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
