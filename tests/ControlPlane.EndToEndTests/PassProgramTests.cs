using System.Text.Json;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// <c>ensureTargets</c>: if both ends of a veth are in the daemon's namespace, the daemon attaches a pass program to the peer of a target.
/// The target accepts redirected frames as long as an entry needs it.
/// </summary>
[Trait("Group", "truth")]
public sealed class PassProgramTests
{
    private const string Key = "10.0.0.7";

    [Fact]
    public async Task PeerInTheSameNamespace_ForwardsAtOnceAndTheProgramGoesWithTheLastEntry()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), AddPort(testbed));
        using var end = target.Far;
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        Assert.Equal(0, ProgramOfPeer(testbed, target));

        var first = await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, target.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.8", target.Name);

        AssertPassProgram(first.Status);
        AssertArrives(ingress, target);
        Assert.NotEqual(0, ProgramOfPeer(testbed, target));
        await testbed.Http.RemoveAsync($"/v1/devmaps/{Testbed.ByAddress}/entries/10.0.0.8");
        AssertPassProgram((await testbed.Http.EntryAsync(Testbed.ByAddress, Key)).Status);
        AssertArrives(ingress, target);
        await testbed.Http.RemoveAsync($"/v1/devmaps/{Testbed.ByAddress}/entries/{Key}");
        Assert.Equal(0, ProgramOfPeer(testbed, target));
    }

    [Fact]
    public async Task PeerThatComesBackFromAnotherNamespace_GetsTheProgram()
    {
        await using var testbed = await Testbed.StartAsync();
        using var elsewhere = NetworkNamespace.Create();
        var (ingress, pair) = (testbed.AddPort(), VethPair.Create(testbed.Space));
        testbed.Space.Shell("ip", "link", "set", "dev", pair.PeerName, "netns", elsewhere.Path);
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        Assert.Equal("Undeliverable", (await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, pair.Name)).Status.State);

        elsewhere.Shell("ip", "link", "set", "dev", pair.PeerName, "netns", testbed.Space.Path);
        testbed.Space.Shell("ip", "link", "set", "dev", pair.PeerName, "up");

        // The kernel accepts frames before the answer knows whose program it is.
        await Eventually.Async(async () => (await testbed.Http.EntryAsync(Testbed.ByAddress, Key)).Status.Conditions.Any(c => c.Reason == "PassProgram"));
        await testbed.WaitForStateAsync(Testbed.ByAddress, Key, "Forwarding");
        using var end = FrameSocket.OpenPeer(pair);
        AssertArrives(ingress, new Port(pair, end));
    }

    [Fact]
    public async Task Off_IsUndeliverableAndItsRemedyRepairsIt()
    {
        await using var testbed = await Testbed.StartAsync(arguments: "--ControlPlane:Devmaps:2:EnsureTargets=off");
        var (ingress, target) = (testbed.AddPort(), AddPort(testbed));
        using var end = target.Far;
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);

        var entry = await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, target.Name);

        Assert.Equal("Undeliverable", entry.Status.State);
        ingress.AssertDoesNotReach(target, Key);
        Assert.Equal(0, ProgramOfPeer(testbed, target));
        var fault = Assert.Single(entry.Status.Faults);
        Assert.Equal($"ethtool -K {target.Pair.PeerName} gro on", fault.Remedy);
        await testbed.RunRemedyAsync(fault.Remedy!, target.Pair);
        await testbed.WaitForStateAsync(Testbed.ByAddress, Key, "Forwarding");
        AssertArrives(ingress, target);
    }

    [Fact]
    public async Task Restart_KeepsTheProgramAndFramesArriveMeanwhile()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), AddPort(testbed));
        using var end = target.Far;
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, target.Name);
        var program = ProgramOfPeer(testbed, target);

        await testbed.Runner.StopAsync();
        AssertArrives(ingress, target);
        await testbed.Runner.StartAsync();

        Assert.Equal(program, ProgramOfPeer(testbed, target));
        AssertPassProgram((await testbed.Http.EntryAsync(Testbed.ByAddress, Key)).Status);
        AssertArrives(ingress, target);
    }

    [Fact]
    public async Task Teardown_RemovesTheProgram()
    {
        await using var testbed = await Testbed.StartAsync();
        var (ingress, target) = (testbed.AddPort(), AddPort(testbed));
        using var end = target.Far;
        await testbed.Http.AttachAsync(Testbed.ByAddress, ingress.Name);
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, Key, target.Name);
        await testbed.Runner.StopAsync();

        await using (var command = testbed.Runner.Launch("teardown"))
            Assert.Equal(0, await command.WaitExitAsync());

        Assert.Equal(0, ProgramOfPeer(testbed, target));
        ingress.AssertDoesNotReach(target, Key);
        await testbed.Runner.StartAsync();
        AssertPassProgram((await testbed.Http.EntryAsync(Testbed.ByAddress, Key)).Status);
        AssertArrives(ingress, target);
    }

    /// <summary>Makes a port with both ends in the daemon's namespace. A frame that the pass program passes is seen at the peer.</summary>
    private static Port AddPort(Testbed testbed)
    {
        var pair = VethPair.Create(testbed.Space);
        return new Port(pair, FrameSocket.OpenPeer(pair));
    }

    private static void AssertPassProgram(EntryStatus status)
    {
        Assert.Equal("Forwarding", status.State);
        Assert.Equal("PassProgram", status.Conditions.Single(c => c.Type == "TargetAcceptsRedirect").Reason);
    }

    private static void AssertArrives(Port ingress, Port target)
    {
        // A receive ring that was just made or removed may still lose a frame.
        var attempts = 1;
        while (Arriving(ingress, target) == 0)
            Assert.True(attempts++ < 5, "no frame arrives");
    }

    private static int Arriving(Port ingress, Port target)
    {
        var run = FrameMark.NewRun();
        return ingress.Send([Frames.Udp(new FrameMark(run, 0), Key)], run, target, expected: 1).Count;
    }

    private static int ProgramOfPeer(Testbed testbed, Port target)
    {
        using var shown = JsonDocument.Parse(testbed.Space.Shell("ip", "-j", "link", "show", "dev", target.Pair.PeerName));
        return shown.RootElement[0].TryGetProperty("xdp", out var xdp) ? xdp.GetProperty("prog").GetProperty("id").GetInt32() : 0;
    }
}
