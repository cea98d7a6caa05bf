using ControlPlane.EndToEndTests.World;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>What the daemon refuses, and that the refusal names what is to be known.</summary>
public sealed class RefusalTests
{
    private const int AlreadyRunning = 75;

    [Fact]
    public async Task SecondDaemon_OnTheSameFolders_IsRefusedAndNamesTheFirst()
    {
        await using var site = await Site.StartAsync();
        await using var second = site.Home.Launch();

        Assert.Equal(AlreadyRunning, await second.WaitExitAsync());
        Assert.Contains($"kill {site.Home.Daemon.Id}", second.StandardError, StringComparison.Ordinal);
        Assert.Equal(0, (await site.Http.DevmapAsync(Site.ByInterface)).Status.Entries); // the first serves on
    }

    [Fact]
    public async Task SecondDaemon_OnTheSamePinsAlone_IsRefusedAndNamesTheFirst()
    {
        await using var site = await Site.StartAsync();
        var state = Directory.CreateTempSubdirectory();
        await using var second = site.Home.Launch(
            $"--ControlPlane:StateDirectory={state.FullName}", "--ControlPlane:Listen:UnixSocket=");

        Assert.Equal(AlreadyRunning, await second.WaitExitAsync());
        Assert.Contains($"kill {site.Home.Daemon.Id}", second.StandardError, StringComparison.Ordinal);
        state.Delete(recursive: true);
    }

    [Fact]
    public async Task Attach_PeerMtuTooLarge_IsUnsuitable()
    {
        await using var site = await Site.StartAsync();
        using var pair = VethPair.Create(site.Space, new VethOptions { Mtu = 9000 });

        var problem = await site.Http.RefusedAsync($"/v1/devmaps/{Site.ByInterface}/attachments/{pair.Name}", new { mode = "native" });

        Assert.Equal((422, "interface_unsuitable"), (problem.Status, problem.Code));
        Assert.Contains("MTU", problem.Remedy, StringComparison.Ordinal);
        // As the remedy says: smaller, or generic.
        Assert.Equal("Attached", (await site.Http.AttachAsync(Site.ByInterface, pair.Name, "generic")).Status.State);
        await site.Http.RemoveAsync($"/v1/devmaps/{Site.ByInterface}/attachments/{pair.Name}");
        site.Space.Shell("ip", "link", "set", "dev", pair.Name, "mtu", "3500");
        site.Space.Shell("ip", "link", "set", "dev", pair.PeerName, "mtu", "3500");
        Assert.Equal("Attached", (await site.Http.AttachAsync(Site.ByInterface, pair.Name)).Status.State);
    }

    [Fact]
    public async Task Attach_MorePeerQueuesThanOwn_IsUnsuitable()
    {
        await using var site = await Site.StartAsync();
        site.Space.Shell("ip", "link", "add", "few", "numrxqueues", "1", "type", "veth", "peer", "name", "many", "numtxqueues", "4");
        site.Space.Shell("ethtool", "-L", "many", "tx", "4");

        var problem = await site.Http.RefusedAsync($"/v1/devmaps/{Site.ByInterface}/attachments/few", new { mode = "native" });

        Assert.Equal((422, "interface_unsuitable"), (problem.Status, problem.Code));
        Assert.Contains("queues", problem.Detail, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles($"{site.Home.PinRoot}/devmaps/{Site.ByInterface}/links"));
        Assert.Equal("Attached", (await site.Http.AttachAsync(Site.ByInterface, "few", "generic")).Status.State);
    }

    [Fact]
    public async Task Attach_ForeignProgramHoldsTheInterface_IsAConflictUntilItsRemedyIsDone()
    {
        await using var site = await Site.StartAsync();
        var port = site.AddPort();
        using var foreign = XdpPassObject.Compile();
        site.Space.Shell("ip", "link", "set", "dev", port.Name, "xdpdrv", "obj", foreign.Path, "sec", "xdp");
        var path = $"/v1/devmaps/{Site.ByInterface}/attachments/{port.Name}";

        foreach (var mode in new[] { "native", "generic" })
        {
            var problem = await site.Http.RefusedAsync(path, new { mode });
            Assert.Equal((409, "attach_conflict"), (problem.Status, problem.Code));
            Assert.Contains($"ip link set dev {port.Name} xdp off", problem.Remedy, StringComparison.Ordinal);
        }

        site.Space.Shell("ip", "link", "set", "dev", port.Name, "xdp", "off");
        Assert.Equal("Attached", (await site.Http.AttachAsync(Site.ByInterface, port.Name)).Status.State);
    }

    [Fact]
    public async Task Entry_OtherEgressProgramForTheSameDevice_NamesBothEntries()
    {
        await using var site = await Site.StartAsync();
        var target = site.AddPort();
        await site.Http.WriteAsync<EgressProgram>("/v1/programs/a", new { template = "count" });
        await site.Http.PutEntryAsync(Site.ByAddress, "10.0.0.1", target.Name, "a");

        var problem = await site.Http.RefusedAsync($"/v1/devmaps/{Site.ByVlan}/entries/7", new { @interface = target.Name });

        Assert.Equal((409, "egress_program_conflict"), (problem.Status, problem.Code));
        Assert.Contains("10.0.0.1", problem.Detail, StringComparison.Ordinal);
        Assert.Contains("7", problem.Detail, StringComparison.Ordinal);
        Assert.Empty(site.KernelMap(Site.ByVlan));
    }
}
