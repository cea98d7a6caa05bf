using System.Globalization;
using System.Net;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.EndToEndTests.Systemd;

/// <summary>The unit under a real systemd: its rights, its reload, and what its end costs frames, watchers and clients: nothing.</summary>
public sealed class UnitTests(InstalledUnit unit) : IClassFixture<InstalledUnit>
{
    // CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF.
    private const ulong ThreeCapabilities = (1ul << 12) | (1ul << 38) | (1ul << 39);

    private SystemdSandbox Sandbox => unit.Sandbox;

    [Theory]
    [InlineData("devmapd.service")]
    [InlineData("devmapd.socket")]
    [InlineData("devmapd@blue.service")]
    [InlineData("devmapd@blue.socket")]
    public void Files_AreValid(string name) => Assert.Equal("", Sandbox.Run("bash", "-c", $"systemd-analyze verify --man=no {name} 2>&1"));

    [Theory]
    [InlineData("devmapd.service")]
    [InlineData("devmapd@.service")]
    public void Exposure_IsAtMost13(string name) =>
        Sandbox.Run("systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=13", $"/usr/lib/systemd/system/{name}");

    [Fact]
    public async Task Daemon_HasItsOwnUserAndThreeCapabilities()
    {
        var status = Sandbox.Run("cat", $"/proc/{Sandbox.MainPid()}/status").Split('\n')
            .Select(line => line.Split(':', 2)).Where(f => f.Length == 2).ToDictionary(f => f[0], f => f[1].Trim());

        var user = Sandbox.Run("id", "-u", "devmapd").Trim();
        Assert.Equal([user, user, user, user], status["Uid"].Split('\t'));
        Assert.Equal([Sandbox.Run("id", "-g", "devmapd").Trim()], status["Gid"].Split('\t').Distinct());
        Assert.All(["CapEff", "CapPrm", "CapBnd", "CapAmb"], set => Assert.Equal(ThreeCapabilities, ulong.Parse(status[set], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
        Assert.Equal(("1", "2"), (status["NoNewPrivs"], status["Seccomp"]));
        Assert.Equal(("30s", "9"), (Sandbox.Property("WatchdogUSec"), Sandbox.Property("WatchdogSignal")));

        using var http = Sandbox.Connect();
        await http.AssertReadyAsync();
        Assert.Contains("\"ready\"", Sandbox.Run("/usr/lib/devmapd/devmapd", "check-ready", "--config", SystemdSandbox.Settings), StringComparison.Ordinal);
        Assert.Equal("srw-rw---- devmapd devmapd", Sandbox.Run("stat", "--format=%A %U %G", SystemdSandbox.Socket).Trim());
        Assert.Equal("drwx------ devmapd devmapd", Sandbox.Run("stat", "--format=%A %U %G", "/sys/fs/bpf/devmapd").Trim());
    }

    [Fact]
    public async Task Reload_AppliesOrNames_AndRefusesErrors()
    {
        var pid = Sandbox.MainPid();
        Sandbox.WriteSettings("\"Probe\": { \"Enabled\": true }, \"Writer\": { \"MaxBatch\": 99 },");
        Sandbox.Systemctl("reload", SystemdSandbox.Service);
        await Eventually.Async(() => Sandbox.Journal().Contains("take effect at the next start: ControlPlane:Writer:MaxBatch", StringComparison.Ordinal));
        Assert.Contains("in effect: ControlPlane:Probe:Enabled", Sandbox.Journal(), StringComparison.Ordinal);

        Sandbox.WriteSettings("\"Writer\": { \"MaxBatch\": 0 },");
        Assert.Throws<InvalidOperationException>(() => Sandbox.Systemctl("reload", SystemdSandbox.Service));
        Assert.Contains("ControlPlane:Writer:MaxBatch: must be 1 to 65536", Sandbox.Journal(), StringComparison.Ordinal);

        Sandbox.WriteSettings();
        Sandbox.Systemctl("reload", SystemdSandbox.Service);
        Assert.Equal((pid, "active"), (Sandbox.MainPid(), Sandbox.Property("ActiveState")));
    }

    [Fact]
    public async Task KilledAndRestarted_FramesFlow_WatchersGoOn_AndNoConnectionIsRefused()
    {
        using var http = Sandbox.Connect();
        await using var frames = await SteeredFrames.StartAsync(Sandbox.Network, http);
        await using var watcher = new Watcher(Sandbox);
        await watcher.SeeAsync(frames.Ingress, frames.Target);
        await frames.FlowAsync();
        await using var clients = new SteadyClients(Sandbox);
        await Eventually.Async(() => clients.Answered > 50);

        var pid = Sandbox.MainPid();
        Sandbox.Run("kill", "-KILL", pid);
        pid = await unit.WaitForAnotherAsync(pid);
        await ContinueAsync("1000");
        Sandbox.Systemctl("restart", SystemdSandbox.Service);
        Assert.NotEqual(pid, Sandbox.MainPid());
        await ContinueAsync("1001");

        await clients.StopAsync();
        Assert.DoesNotContain(clients.Outcomes.Keys, outcome => outcome.StartsWith("connect", StringComparison.Ordinal));
        Assert.True(await frames.StopAsync() > 0);
        using var after = Sandbox.Connect();
        foreach (var key in new[] { frames.Ingress, "1000", "1001" })
            await after.RemoveAsync($"/v1/devmaps/{Testbed.ByInterface}/entries/{key}");
        await after.RemoveAsync($"/v1/devmaps/{Testbed.ByInterface}/attachments/{frames.Ingress}");

        async Task ContinueAsync(string key)
        {
            await frames.FlowAsync();
            var answered = clients.Answered;
            await Eventually.Async(() => clients.Answered > answered + 50);
            using var now = Sandbox.Connect();
            await now.PutEntryAsync(Testbed.ByInterface, key, frames.Target);
            await watcher.SeeAsync(key, frames.Target);
        }
    }

    [Fact]
    public async Task Stopped_TheNextConnectionStartsIt()
    {
        Sandbox.Systemctl("stop", SystemdSandbox.Service);
        Assert.Equal("inactive", Sandbox.Property("ActiveState"));

        using var http = Sandbox.Connect();
        using var answer = await http.GetAsync(new Uri("/readyz", UriKind.Relative));

        Assert.NotEqual(HttpStatusCode.NotFound, answer.StatusCode);
        await Eventually.Async(() => Sandbox.Property("ActiveState") == "active");
    }

    [Fact]
    public void Template_DiffersFromTheUnitOnlyInItsPlaces()
    {
        Assert.Equal(Lines("devmapd.service"), Lines("devmapd@.service"));
        Assert.Equal(Lines("devmapd.socket"), Lines("devmapd@.socket"));

        // The lines of the template that the unit does not have all name the instance.
        static IEnumerable<string> Lines(string file) => File.ReadLines(Repository.PathOf($"systemd/{file}"))
            .Where(line => !line.StartsWith('#') && !line.StartsWith("ExecStartPre=", StringComparison.Ordinal))
            .Where(line => !(line.Contains("devmapd-netns", StringComparison.Ordinal) && line.StartsWith("Environment=", StringComparison.Ordinal)))
            .Where(line => line is not ("NetworkNamespacePath=/run/netns/%i" or "AssertPathExists=/run/netns/%i"))
            .Select(line => line.Replace("devmapd-netns/%i", "devmapd", StringComparison.Ordinal)
                .Replace("devmapd@%i", "devmapd", StringComparison.Ordinal)
                .Replace(" in network namespace %i", "", StringComparison.Ordinal));
    }
}
