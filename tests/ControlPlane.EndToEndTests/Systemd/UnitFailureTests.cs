using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ControlPlane.EndToEndTests.Support;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;
using Xunit.Abstractions;

namespace ControlPlane.EndToEndTests.Systemd;

/// <summary>The unit when things go wrong, and beside others. <c>make systemd</c> runs these.</summary>
[Trait("Group", "systemd")]
public sealed class UnitFailureTests(InstalledUnit unit, ITestOutputHelper output) : IClassFixture<InstalledUnit>
{
    private const int Restarts = 10;
    private const int Kills = 15;

    private SystemdSandbox Sandbox => unit.Sandbox;

    [Fact]
    public async Task ManyRestarts_RefuseNoConnection_AndLoseNoFrame()
    {
        using var http = Sandbox.Connect();
        await using var frames = await SteeredFrames.StartAsync(Sandbox.Network, http);
        await using var clients = new SteadyClients(Sandbox);
        await Eventually.Async(() => clients.Answered > 50);

        var slowest = TimeSpan.Zero;
        for (var i = 0; i < Restarts; i++)
        {
            var clock = Stopwatch.StartNew();
            Sandbox.Systemctl("restart", SystemdSandbox.Service);
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
            var answered = clients.Answered;
            await Eventually.Async(() => clients.Answered > answered + 50);
        }

        await clients.StopAsync();
        var sent = await frames.StopAsync();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{Restarts} restarts, the slowest {slowest.TotalMilliseconds:0} ms; {sent} frames, 0 lost; connections: {string.Join(", ", clients.Outcomes)}"));
        Assert.DoesNotContain(clients.Outcomes.Keys, outcome => outcome.StartsWith("connect", StringComparison.Ordinal));
    }

    [Fact]
    public async Task KilledAgainAndAgain_ItIsStartedEachTime_AndTheSocketStays()
    {
        using var http = Sandbox.Connect();
        await using var frames = await SteeredFrames.StartAsync(Sandbox.Network, http);
        var pid = Sandbox.MainPid();
        for (var i = 0; i < Kills; i++)
        {
            Sandbox.Run("kill", "-KILL", pid);
            pid = await unit.WaitForAnotherAsync(pid);
        }

        Assert.Equal("active", Sandbox.Property("ActiveState", "devmapd.socket"));
        output.WriteLine($"{Kills} kills, {await frames.StopAsync()} frames, 0 lost");
    }

    [Fact]
    public async Task Hung_TheWatchdogKillsIt_AndAnotherStarts()
    {
        using var http = Sandbox.Connect();
        await using var frames = await SteeredFrames.StartAsync(Sandbox.Network, http);
        Sandbox.WriteDropIn(SystemdSandbox.Service, "watchdog", "[Service]\nWatchdogSec=3");
        Sandbox.Systemctl("daemon-reload");
        Sandbox.Systemctl("restart", SystemdSandbox.Service);
        var pid = Sandbox.MainPid();
        for (var fed = 0; fed < 3; fed++)
        {
            var last = Sandbox.Property("WatchdogTimestampMonotonic");
            await Eventually.Async(() => Sandbox.Property("WatchdogTimestampMonotonic") != last, what: "the daemon feeds the watchdog");
        }

        Assert.Equal(pid, Sandbox.MainPid());
        var clock = Stopwatch.StartNew();
        Sandbox.Run("kill", "-STOP", pid);
        await unit.WaitForAnotherAsync(pid);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"served again {clock.Elapsed.TotalSeconds:0.0} s after the hang, with WatchdogSec=3"));

        Assert.Contains("Watchdog timeout", Sandbox.Journal(), StringComparison.Ordinal);
        Assert.Contains("with signal SIGKILL", Sandbox.Journal(), StringComparison.Ordinal);
        await frames.FlowAsync();
        output.WriteLine($"{await frames.StopAsync()} frames, 0 lost");
        Sandbox.RemoveDropIn(SystemdSandbox.Service, "watchdog");
    }

    [Fact]
    public async Task Tls_HasItsKeyAsACredential()
    {
        using var key = ECDsa.Create();
        var request = new CertificateRequest("CN=devmapd", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(Sandbox.Outside("/etc/devmapd/tls.crt"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(Sandbox.Outside("/etc/devmapd/tls.key"), key.ExportPkcs8PrivateKeyPem());
        // The daemon's user cannot read it.
        Sandbox.Run("chmod", "600", "/etc/devmapd/tls.key");
        Sandbox.WriteDropIn(SystemdSandbox.Service, "tls", await File.ReadAllTextAsync(Repository.PathOf("packaging/examples/devmapd-tls.conf")));
        Sandbox.Systemctl("daemon-reload");
        Sandbox.Systemctl("restart", SystemdSandbox.Service);

        Assert.Contains("alive", Curl("https://localhost:5080/healthz"), StringComparison.Ordinal);
        Assert.Contains("unauthenticated", Curl("https://localhost:5080/v1/devmaps"), StringComparison.Ordinal);
        Assert.Throws<ShellException>(() => Curl("http://localhost:5080/healthz"));
        output.WriteLine(Sandbox.Run("systemd-analyze", "security", "--no-pager", SystemdSandbox.Service).TrimEnd().Split('\n')[^1]);
        using var http = Sandbox.Connect();
        await http.AssertReadyAsync();
        Sandbox.RemoveDropIn(SystemdSandbox.Service, "tls");

        string Curl(string address) => Sandbox.Run("curl", "--silent", "--show-error", "--cacert", "/etc/devmapd/tls.crt", address);
    }

    [Fact]
    public async Task ConfigurationWithErrors_EndsTheStart_AndItsCorrectionCuresIt()
    {
        Sandbox.Systemctl("stop", SystemdSandbox.Service, "devmapd.socket");
        Sandbox.WriteSettings("\"Writer\": { \"MaxBatch\": 0 },");
        Assert.Throws<InvalidOperationException>(() => Sandbox.Systemctl("start", SystemdSandbox.Service));
        Assert.Equal(("failed", "78", "0"), (Sandbox.Property("ActiveState"), Sandbox.Property("ExecMainStatus"), Sandbox.Property("NRestarts")));

        Sandbox.WriteSettings();
        Sandbox.Systemctl("restart", "devmapd.socket", SystemdSandbox.Service);
        using var http = Sandbox.Connect();
        await http.DevmapAsync(Testbed.ByInterface);
    }

    [Fact]
    public async Task Instance_ServesItsNetworkNamespace_BesideTheHosts()
    {
        Sandbox.Run("ip", "netns", "add", "blue");
        Sandbox.Run("ip", "-n", "blue", "link", "add", "inblue", "type", "veth", "peer", "name", "inblue2");
        Sandbox.Systemctl("start", "devmapd@blue.service");

        using var blue = Sandbox.Connect("/run/devmapd-netns/blue/devmapd.sock");
        using var host = Sandbox.Connect();
        Assert.Contains("inblue", await blue.GetStringAsync(new Uri("/v1/interfaces", UriKind.Relative)), StringComparison.Ordinal);
        Assert.DoesNotContain("inblue", await host.GetStringAsync(new Uri("/v1/interfaces", UriKind.Relative)), StringComparison.Ordinal);
        await blue.AssertReadyAsync();
        Assert.NotEqual("", Sandbox.Run("ls", "/sys/fs/bpf/devmapd-netns/blue/devmaps"));

        Sandbox.Systemctl("stop", "devmapd@blue.socket", "devmapd@blue.service");
        Sandbox.Run("ip", "netns", "delete", "blue");
        await host.DevmapAsync(Testbed.ByInterface);
    }

    [Fact]
    public void Instance_WithoutItsNetworkNamespace_IsNotStarted() =>
        Assert.Throws<InvalidOperationException>(() => Sandbox.Systemctl("start", "devmapd@nowhere.service"));
}
