using System.Net;
using System.Net.Sockets;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.Storage;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests;

/// <summary>Requests and starts that the daemon refuses. The refusal names the cause and the remedy.</summary>
public sealed class RefusalTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const int Unavailable = 69;
    private const int IoError = 74;
    private const int AlreadyRunning = 75;

    [Fact]
    public async Task Start_PortTaken_LeavesNothingInTheKernelAndNoFile()
    {
        using var space = NetworkNamespace.Create();
        await using var runner = new DaemonRunner(space, detached: false);
        using var taken = space.Run(() =>
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return listener;
        });
        await using var daemon = runner.Launch($"--ControlPlane:Listen:Rest=http://{taken.LocalEndpoint}");

        Assert.Equal(Unavailable, await daemon.WaitExitAsync());
        Assert.Contains(taken.LocalEndpoint.ToString()!, daemon.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(runner.PinRoot));
        Assert.False(Directory.Exists(runner.StateDirectory));
    }

    [Fact]
    public async Task Start_StoreDamaged_LeavesNothingInTheKernel()
    {
        using var space = NetworkNamespace.Create();
        await using var runner = new DaemonRunner(space, detached: false);
        var store = Path.Combine(Directory.CreateDirectory(runner.StateDirectory).FullName, SqliteStore.FileName);
        await File.WriteAllTextAsync(store, new string('x', 8192));
        await using var daemon = runner.Launch();

        Assert.Equal(IoError, await daemon.WaitExitAsync());
        Assert.Contains(store, daemon.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(runner.PinRoot));
        Assert.Equal(new string('x', 8192), await File.ReadAllTextAsync(store));
    }

    [Fact]
    public async Task SecondDaemon_OnTheSameFolders_IsRefusedAndNamesTheFirst()
    {
        await using var testbed = await daemon.UseAsync();
        await using var second = testbed.Runner.Launch();

        Assert.Equal(AlreadyRunning, await second.WaitExitAsync());
        Assert.Contains($"kill {testbed.Runner.Daemon.Id}", second.StandardError, StringComparison.Ordinal);
        Assert.Equal(0, (await testbed.Http.DevmapAsync(Testbed.ByInterface)).Status.Entries); // the first still serves
    }

    [Fact]
    public async Task SecondDaemon_OnTheSamePinsAlone_IsRefusedAndNamesTheFirst()
    {
        await using var testbed = await daemon.UseAsync();
        var state = Directory.CreateTempSubdirectory();
        await using var second = testbed.Runner.Launch(
            $"--ControlPlane:StateDirectory={state.FullName}", "--ControlPlane:Listen:UnixSocket=");

        Assert.Equal(AlreadyRunning, await second.WaitExitAsync());
        Assert.Contains($"kill {testbed.Runner.Daemon.Id}", second.StandardError, StringComparison.Ordinal);
        state.Delete(recursive: true);
    }

    [Fact]
    public async Task Attach_PeerMtuTooLarge_IsUnsuitable()
    {
        await using var testbed = await daemon.UseAsync();
        using var pair = VethPair.Create(testbed.Space, new VethOptions { Mtu = 9000 });

        var problem = await testbed.Http.RefusedAsync($"/v1/devmaps/{Testbed.ByInterface}/attachments/{pair.Name}", new { mode = "native" });

        Assert.Equal((422, "interface_unsuitable"), (problem.Status, problem.Code));
        Assert.Contains("mtu", problem.Remedy, StringComparison.OrdinalIgnoreCase);
        // As the remedy says: a smaller MTU, or generic mode.
        Assert.Equal("Attached", (await testbed.Http.AttachAsync(Testbed.ByInterface, pair.Name, "generic")).Status.State);
        await testbed.Http.RemoveAsync($"/v1/devmaps/{Testbed.ByInterface}/attachments/{pair.Name}");
        testbed.Space.Shell("ip", "link", "set", "dev", pair.Name, "mtu", "3500");
        testbed.Space.Shell("ip", "link", "set", "dev", pair.PeerName, "mtu", "3500");
        Assert.Equal("Attached", (await testbed.Http.AttachAsync(Testbed.ByInterface, pair.Name)).Status.State);
    }

    [Fact]
    public async Task Attach_MorePeerQueuesThanOwn_IsUnsuitable()
    {
        await using var testbed = await daemon.UseAsync();
        testbed.Space.Shell("ip", "link", "add", "few", "numrxqueues", "1", "type", "veth", "peer", "name", "many", "numtxqueues", "4");
        testbed.Space.Shell("ethtool", "-L", "many", "tx", "4");

        var problem = await testbed.Http.RefusedAsync($"/v1/devmaps/{Testbed.ByInterface}/attachments/few", new { mode = "native" });

        Assert.Equal((422, "interface_unsuitable"), (problem.Status, problem.Code));
        Assert.Contains("queues", problem.Detail, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles($"{testbed.Runner.PinRoot}/devmaps/{Testbed.ByInterface}/links"));
        Assert.Equal("Attached", (await testbed.Http.AttachAsync(Testbed.ByInterface, "few", "generic")).Status.State);
    }

    [Fact]
    public async Task Attach_ForeignProgramHoldsTheInterface_IsAConflictUntilItsRemedyIsDone()
    {
        await using var testbed = await daemon.UseAsync();
        var port = testbed.AddPort();
        using var foreign = new XdpPassObject();
        testbed.Space.Shell("ip", "link", "set", "dev", port.Name, "xdpdrv", "obj", foreign.Path, "sec", "xdp");
        var path = $"/v1/devmaps/{Testbed.ByInterface}/attachments/{port.Name}";

        foreach (var mode in new[] { "native", "generic" })
        {
            var problem = await testbed.Http.RefusedAsync(path, new { mode });
            Assert.Equal((409, "attach_conflict"), (problem.Status, problem.Code));
            Assert.Contains($"ip link set dev {port.Name} xdp", problem.Remedy, StringComparison.Ordinal);
        }

        testbed.Space.Shell("ip", "link", "set", "dev", port.Name, "xdp", "off");
        Assert.Equal("Attached", (await testbed.Http.AttachAsync(Testbed.ByInterface, port.Name)).Status.State);
    }

    [Fact]
    public async Task Entry_OtherEgressProgramForTheSameDevice_NamesBothEntries()
    {
        await using var testbed = await daemon.UseAsync();
        var target = testbed.AddPort();
        await testbed.Http.WriteAsync<EgressProgram>("/v1/programs/a", new { template = "count" });
        await testbed.Http.PutEntryAsync(Testbed.ByAddress, "10.0.0.1", target.Name, "a");

        var problem = await testbed.Http.RefusedAsync($"/v1/devmaps/{Testbed.ByVlan}/entries/7", new { @interface = target.Name });

        Assert.Equal((409, "egress_program_conflict"), (problem.Status, problem.Code));
        Assert.Contains("10.0.0.1", problem.Detail, StringComparison.Ordinal);
        Assert.Contains("7", problem.Detail, StringComparison.Ordinal);
        Assert.Empty(testbed.KernelMap(Testbed.ByVlan));
    }
}
