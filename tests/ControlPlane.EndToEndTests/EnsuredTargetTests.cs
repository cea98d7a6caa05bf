using System.Text.Json;
using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>
/// <c>ensureTargets</c>: where both ends of a veth are in the daemon's namespace it makes the target accept redirected frames by a pass
/// program on the peer, for as long as an entry needs it.
/// </summary>
public sealed class EnsuredTargetTests
{
    private const string Key = "10.0.0.7";

    [Fact]
    public async Task PeerInOurNamespace_ForwardsAtOnceAndTheProgramGoesWithTheLastEntry()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), AddPort(site));
        using var end = target.Far;
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        Assert.Equal(0, ProgramOfPeer(site, target));

        var first = await site.Http.PutEntryAsync(Site.ByAddress, Key, target.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.8", target.Name);

        AssertPassProgram(first.Status);
        AssertArrives(ingress, target);
        Assert.NotEqual(0, ProgramOfPeer(site, target));
        await site.Http.RemoveAsync($"/v1/devmaps/{Site.ByAddress}/entries/10.0.0.8");
        AssertPassProgram((await site.Http.EntryAsync(Site.ByAddress, Key)).Status);
        AssertArrives(ingress, target);
        await site.Http.RemoveAsync($"/v1/devmaps/{Site.ByAddress}/entries/{Key}");
        Assert.Equal(0, ProgramOfPeer(site, target));
    }

    [Fact]
    public async Task Off_IsUndeliverableAndItsRemedyMendsIt()
    {
        await using var site = await Site.StartAsync(arguments: "--ControlPlane:Devmaps:2:EnsureTargets=off");
        var (ingress, target) = (site.AddPort(), AddPort(site));
        using var end = target.Far;
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);

        var entry = await site.Http.PutEntryAsync(Site.ByAddress, Key, target.Name);

        Assert.Equal("Undeliverable", entry.Status.State);
        Assert.Equal(0, Arriving(ingress, target));
        Assert.Equal(0, ProgramOfPeer(site, target));
        var fault = Assert.Single(entry.Status.Faults);
        Assert.Equal($"ethtool -K {target.Pair.PeerName} gro on", fault.Remedy);
        await site.CarryOutAsync(fault.Remedy!, target.Pair);
        await site.WaitForStateAsync(Site.ByAddress, Key, "Forwarding");
        AssertArrives(ingress, target);
    }

    [Fact]
    public async Task Restarted_KeepsItAndFramesArriveMeanwhile()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), AddPort(site));
        using var end = target.Far;
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, Key, target.Name);
        var program = ProgramOfPeer(site, target);

        await site.Home.StopAsync();
        AssertArrives(ingress, target);
        await site.Home.StartAsync();

        Assert.Equal(program, ProgramOfPeer(site, target));
        AssertPassProgram((await site.Http.EntryAsync(Site.ByAddress, Key)).Status);
        AssertArrives(ingress, target);
    }

    [Fact]
    public async Task Teardown_RemovesIt()
    {
        await using var site = await Site.StartAsync();
        var (ingress, target) = (site.AddPort(), AddPort(site));
        using var end = target.Far;
        await site.Http.AttachAsync(Site.ByAddress, ingress.Name);
        await site.Http.PutEntryAsync(Site.ByAddress, Key, target.Name);
        await site.Home.StopAsync();

        await using (var command = site.Home.Launch("--teardown"))
            Assert.Equal(0, await command.WaitExitAsync());

        Assert.Equal(0, ProgramOfPeer(site, target));
        Assert.Equal(0, Arriving(ingress, target));
        await site.Home.StartAsync();
        AssertPassProgram((await site.Http.EntryAsync(Site.ByAddress, Key)).Status);
        AssertArrives(ingress, target);
    }

    /// <summary>Both ends where the daemon is; a frame that the pass program lets up is seen at the peer.</summary>
    private static Port AddPort(Site site)
    {
        var pair = VethPair.Create(site.Space);
        return new Port(pair, FrameSocket.OpenPeer(pair));
    }

    private static void AssertPassProgram(EntryStatus status)
    {
        Assert.Equal("Forwarding", status.State);
        Assert.Equal("PassProgram", status.Conditions.Single(c => c.Type == "TargetAcceptsRedirect").Reason);
    }

    private static void AssertArrives(Port ingress, Port target)
    {
        var attempts = 1;
        while (Arriving(ingress, target) == 0)
            Assert.True(attempts++ < 5, "no frame arrives");
    }

    private static int Arriving(Port ingress, Port target)
    {
        var run = FrameMark.NewRun();
        return ingress.Send([Frames.Udp(new FrameMark(run, 0), Key)], run, target)[0].Count;
    }

    private static int ProgramOfPeer(Site site, Port target)
    {
        using var shown = JsonDocument.Parse(site.Space.Shell("ip", "-j", "link", "show", "dev", target.Pair.PeerName));
        return shown.RootElement[0].TryGetProperty("xdp", out var xdp) ? xdp.GetProperty("prog").GetProperty("id").GetInt32() : 0;
    }
}
