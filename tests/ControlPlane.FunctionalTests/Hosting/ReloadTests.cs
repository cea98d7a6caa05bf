using System.Net;
using ControlPlane.Daemon.Hosting;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>SIGHUP: the daemon reads its configuration again, and goes on with what it cannot change.</summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private const string Devmaps = """
        "Devmaps": [ { "Name": "default" } ]
        """;


    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();
    private DaemonProcess _daemon = null!;
    private HttpClient _http = null!;

    private string SettingsFile => Path.Combine(_folder.FullName, "devmapd.conf");

    public async Task InitializeAsync()
    {
        Write("""{ "Probe": { "Enabled": false }, "Writer": { "MaxBatch": 10 }, """ + Devmaps + """ }, "Serilog": { "MinimumLevel": { "Default": "Information" } """);
        _daemon = await DaemonProcess.StartReadyAsync("--simulate", "--config", SettingsFile);
        _http = _daemon.ConnectUnix();
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _daemon.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task ChangedSettings_TakeEffect_OrAreNamed()
    {
        Assert.Equal(HttpStatusCode.Forbidden, await ProbeAsync());

        Write("""{ "Probe": { "Enabled": true }, "Writer": { "MaxBatch": 20 }, """ + Devmaps + """ }, "Serilog": { "MinimumLevel": { "Default": "Debug" } """);
        await ReloadAsync("in effect: ControlPlane:Probe:Enabled, Serilog:MinimumLevel:Default");
        await Eventually.Async(() => Log().Any(line => line.Contains("take effect at the next start: ControlPlane:Writer:MaxBatch", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.NotFound, await ProbeAsync()); // no such entry
        await Eventually.Async(() => _daemon.Log.Any(line => line.Contains("\"@l\":\"Debug\"", StringComparison.Ordinal)));

        Write("""{ "Probe": { "Enabled": true }, "Writer": { "MaxBatch": 10 }, """ + Devmaps + """ }, "Serilog": { "MinimumLevel": { "Default": "Information" } """);
        await ReloadAsync("in effect: Serilog:MinimumLevel:Default");
        await ReloadAsync("in effect: nothing has changed");
        Assert.Single(_daemon.Log, line => line.Contains("take effect at the next start", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Ok, await _daemon.StopAsync());
    }

    [Fact]
    public async Task AuditInterval_TakesEffectAtOnce()
    {
        Assert.Contains("devmapd_audits_total{devmap=\"default\"} 0\n", await _http.GetStringAsync("/metrics"), StringComparison.Ordinal);

        Write("""{ "Audit": { "Interval": "00:00:00.05" }, "Writer": { "MaxBatch": 10 }, """ + Devmaps);
        await ReloadAsync("in effect: ControlPlane:Audit:Interval");

        await Eventually.Async(async () =>
            !(await _http.GetStringAsync("/metrics")).Contains("devmapd_audits_total{devmap=\"default\"} 0\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Errors_ChangeNothing()
    {
        Write("""{ "Probe": { "Enabled": true }, "Writer": { "MaxBatch": 0 }, """ + Devmaps);
        await ReloadAsync("ControlPlane:Writer:MaxBatch: must be 1 to 65536");
        await File.WriteAllTextAsync(SettingsFile, "{ not json");
        await ReloadAsync("The settings cannot be read");

        Assert.Equal(HttpStatusCode.Forbidden, await ProbeAsync());
        Assert.Equal(ExitCodes.Ok, await _daemon.StopAsync());
    }

    private void Write(string content) => File.WriteAllText(SettingsFile, $$"""{ "ControlPlane": {{content}} } }""");

    private async Task<HttpStatusCode> ProbeAsync()
    {
        using var answer = await _http.PostAsync("/v1/devmaps/default/entries/1000:probe", content: null);
        return answer.StatusCode;
    }

    // Texts are quoted within a message.
    private IEnumerable<string> Log() => _daemon.Log.Select(line => line.Replace("\\\"", "", StringComparison.Ordinal));

    private async Task ReloadAsync(string logged)
    {
        var before = _daemon.Log.Count;
        await _daemon.SignalAsync("HUP");
        await Eventually.Async(() => Log().Skip(before).Any(line => line.Contains(logged, StringComparison.Ordinal)), what: logged);
    }
}
