using System.Text.Json.Nodes;
using ControlPlane.TestCommon;

namespace ControlPlane.CliTests;

/// <summary>The files that the daemon applies at start and reload.</summary>
public sealed class TableFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Files_AreAppliedAtStartAndReload()
    {
        Write("web.yaml", "labels: {a: b}\nentries: {sim0: sim1, sim1: {interface: sim0, egressProgram: counting}}\nattachments: [sim0]\nprograms: {counting: count}\n");
        await using var daemon = await StartAsync();
        var ctl = new Ctl($"unix:{daemon.UnixSocket}");

        Assert.Matches("sim1 +sim0 +Forwarding .*counting +- +file:web +- +a=b", await ctl.OkAsync("get", "entries", "-o", "wide"));
        Assert.Contains("sim0", await ctl.OkAsync("get", "attachments", "--owner", "file:web", "-o", "name"), StringComparison.Ordinal);
        Assert.Equal("True Applied", await ConditionAsync(ctl));
        Assert.Contains(daemon.Log, line => line.Contains("create devmaps/default/entries/sim0 -> sim1 (Forwarding)", StringComparison.Ordinal));
        Assert.Contains("file:web", await ctl.OkAsync("history", "-o", "wide"), StringComparison.Ordinal);

        // By others only by force, and then back with the next reload; what the file no longer names goes.
        Assert.Equal(5, (await ctl.RunAsync("set", "sim0", "sim2")).Code);
        await ctl.OkAsync("set", "sim0", "sim2", "--force", "--owner", "file:web");
        Write("web.yaml", "entries: {sim0: sim1}\n");
        await ReloadAsync(daemon, ctl, "get", "programs", "-o", "name");
        Assert.Equal("sim0 sim1\n", await ctl.OkAsync("get", "entries", "-o", "jsonpath={.entries[*].key} {.entries[*].spec.interface}"));

        File.Delete(Path.Combine(_folder, "web.yaml"));
        await ReloadAsync(daemon, ctl, "get", "entries", "-o", "name");
    }

    [Theory]
    [InlineData("entries: {sim1: {interfac: sim0}}", "interfac is not a field")]
    [InlineData("entries: {sim1: sim0}\nnothing: 1", "'nothing' is not known")]
    [InlineData("owner: me\nentries: {sim1: sim0}", "owner must be left out")]
    [InlineData("devmap: none\nentries: {\"1\": sim0}", "none")]
    [InlineData("entries: {sim1: sim0}\nattachments: {sim1: fast}", "mode must be one of")]
    [InlineData("programs: {p: {template: pushVlan}}\nentries: {sim1: sim0}", "vlanId")]
    [InlineData("entries: {sim1: {interface: sim0, egressProgram: none}}", "none")]
    [InlineData("entries: {sim1: sim0", "bad.yaml:")]
    public async Task FileWithErrors_IsNotApplied_AndTheStartGoesOn(string text, string error)
    {
        Write("bad.yaml", text);
        Write("good.yaml", "entries: {sim0: sim1}\n");
        await using var daemon = await StartAsync();
        var ctl = new Ctl($"unix:{daemon.UnixSocket}");

        Assert.Equal("devmaps/default/entries/sim0\n", await ctl.OkAsync("get", "entries", "-o", "name"));
        Assert.Equal("", await ctl.OkAsync("get", "programs", "-o", "name"));
        Assert.Equal("", await ctl.OkAsync("get", "attachments", "-o", "name"));
        Assert.Equal("False FileRefused", await ConditionAsync(ctl));
        Assert.Contains(error, await ctl.OkAsync("get", "host", "-o", "json"), StringComparison.Ordinal);
        using var http = daemon.ConnectUnix();
        Assert.Contains("Nothing of some files is applied", await http.GetStringAsync("/readyz"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RemovedFile_WithManyEntries_StaysWithinTheLimit()
    {
        Write("many.yaml", "entries:\n" + string.Concat(Enumerable.Range(0, 12).Select(i => $"  {i}: sim1\n")));
        await using var daemon = await StartAsync();
        var ctl = new Ctl($"unix:{daemon.UnixSocket}");
        File.Delete(Path.Combine(_folder, "many.yaml"));

        await daemon.SignalAsync("HUP");
        await Eventually(async () => await ConditionAsync(ctl) == "False FileRefused");

        Assert.Contains("too_many_deletions", await ctl.OkAsync("get", "host", "-o", "json"), StringComparison.Ordinal);
        Assert.Equal(12, (await ctl.OkAsync("get", "entries", "-o", "name")).Trim().Split('\n').Length);
    }

    private static async Task<string> ConditionAsync(Ctl ctl)
    {
        var host = JsonNode.Parse(await ctl.OkAsync("get", "host", "-o", "json"))!;
        var condition = host["conditions"]!.AsArray().Single(c => c!["type"]!.GetValue<string>() == "FilesApplied")!;
        return $"{condition["status"]} {condition["reason"]}";
    }

    // The list is empty after the reload.
    private static async Task ReloadAsync(DaemonProcess daemon, Ctl ctl, params string[] isEmpty)
    {
        await daemon.SignalAsync("HUP");
        await Eventually(async () => await ctl.OkAsync(isEmpty) == "");
    }

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
            await Task.Delay(20, deadline.Token);
    }

    private Task<DaemonProcess> StartAsync() => DaemonProcess.StartReadyAsync("--simulate", $"--ControlPlane:TablesDirectory={_folder}");

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
