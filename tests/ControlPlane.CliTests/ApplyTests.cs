namespace ControlPlane.CliTests;

/// <summary><c>apply</c>, <c>diff</c>, <c>export</c>, and <c>edit</c>.</summary>
public sealed class ApplyTests(SimulatedDaemon daemon) : IClassFixture<SimulatedDaemon>, IDisposable
{
    private readonly Ctl _ctl = daemon.Ctl;
    private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Apply_MakesWhatDiffShows_AndExportGivesItBack()
    {
        var file = Write("a.yaml", """
            owner: app
            labels: {app: web}
            entries:
              sim0: sim1
              "200": {interface: sim2, egressProgram: counting, actions: {setVlan: 7}}
            attachments: {sim0: native}
            programs: {counting: count}
            ---
            devmap: routes
            entries: [{key: 10.0.0.7, spec: {interface: sim1}}]
            """);


        Assert.Equal("There are no entries.\n", (await _ctl.RunAsync("get", "entries", "--owner", "app")).Error);
        var applied = await _ctl.OkAsync("apply", "-f", file);
        Assert.Contains("default: 4 created, 0 changed, 0 deleted", applied, StringComparison.Ordinal);
        Assert.Contains("+ devmaps/routes/entries/10.0.0.7  interface: sim1", applied, StringComparison.Ordinal);
        Assert.Equal("", await _ctl.OkAsync("diff", "-f", file));

        var exported = Write("b.yaml", await _ctl.OkAsync("export"));
        Assert.Equal("", await _ctl.OkAsync("diff", "-f", exported));
        await _ctl.OkAsync("set", "200", "sim3", "--owner", "app");
        var diff = await _ctl.RunAsync("diff", "-f", exported);
        Assert.Equal(3, diff.Code);
        Assert.Contains("~ devmaps/default/entries/200", diff.Out, StringComparison.Ordinal);
        Assert.Contains("interface: sim3 -> sim2", diff.Out, StringComparison.Ordinal);
        await _ctl.OkAsync("apply", "-f", exported);

        // Of the owner, what the files do not name goes.
        var less = Write("c.yaml", "owner: app\nentries: {sim0: sim1}\nattachments: {}\nprograms: {}\n");
        Assert.Equal(5, (await _ctl.RunAsync("apply", "-f", Write("d.yaml", "entries: {sim0: sim2}"))).Code);
        await _ctl.OkAsync("apply", "-f", less, "--prune");
        Assert.Equal("devmaps/default/entries/sim0\n", await _ctl.OkAsync("get", "entries", "--owner", "app", "-o", "name"));
        Assert.Equal("", await _ctl.OkAsync("get", "attachments", "-o", "name"));
        Assert.Equal("", await _ctl.OkAsync("get", "programs", "-o", "name"));
        await _ctl.OkAsync("delete", "entry", "sim0", "--owner", "app");
        await _ctl.OkAsync("delete", "entry", "10.0.0.7", "-d", "routes");
    }

    [Fact]
    public async Task Apply_Json_FromTheInput_AndPruneByLabel()
    {
        await _ctl.OkAsync("set", "300", "sim1", "--label", "set=json");
        await _ctl.OkAsync("set", "301", "sim1");
        var result = await _ctl.RunAsync("{\"devmap\": \"default\", \"entries\": {\"302\": \"sim2\"}}", ["apply", "-f", "-", "--prune", "-l", "set=json"]);
        Assert.Equal(0, result.Code);
        Assert.Contains("- devmaps/default/entries/300", result.Out, StringComparison.Ordinal);
        Assert.Equal("devmaps/default/entries/302\n", await _ctl.OkAsync("get", "entries", "-l", "set=json", "-o", "name"));
        await _ctl.OkAsync("delete", "entry", "301", "302");
    }

    [Fact]
    public async Task Apply_ManyEntries_InBatches()
    {
        var file = Write("many.yaml", "devmap: routes\nentries:\n" + string.Concat(Enumerable.Range(0, 2500).Select(i => $"  10.1.{i / 250}.{i % 250}: sim1\n")));
        Assert.Contains("2500 created", await _ctl.OkAsync("apply", "-f", file), StringComparison.Ordinal);
        Assert.Equal("", await _ctl.OkAsync("diff", "-f", file));
    }

    [Fact]
    public async Task Apply_LosesTraffic_Warns()
    {
        await _ctl.OkAsync("set", "310", "sim1", "--owner", "warn");
        var result = await _ctl.RunAsync("owner: warn\nentries: {\"310\": later0}", ["apply", "-f", "-", "--allow-pending"]);
        Assert.Equal(0, result.Code);
        Assert.Contains("warning: devmaps/default/entries/310: it would be Pending", result.Error, StringComparison.Ordinal);
        Assert.Equal(4, (await _ctl.RunAsync("owner: warn\nentries: {\"310\": later0}", ["apply", "-f", "-", "--wait", "--timeout", "100ms"])).Code);
        await _ctl.OkAsync("delete", "entry", "310", "--owner", "warn");
    }

    [Theory]
    [InlineData("entries: {a: {interfac: b}}", "stdin:1: 'a': interfac: is not known")]
    [InlineData("entrie: {}", "'entrie' is not known")]
    [InlineData("entries: {a: b, a: c}", "Duplicate key")]
    [InlineData("entries: [1]", "must be a mapping with 'key'")]
    [InlineData("a: &x 1\nb: *x", "aliases are not allowed")]
    public async Task Apply_InvalidFile_IsUsage(string text, string error)
    {
        var result = await _ctl.RunAsync(text, ["apply", "-f", "-"]);
        Assert.Equal(2, result.Code);
        Assert.Contains(error, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prune_WithoutScope_IsRefused() =>
        Assert.Equal(2, (await _ctl.RunAsync("entries: {}", ["apply", "-f", "-", "--prune"])).Code);

    [Fact]
    public async Task Edit_AppliesTheText_AndShowsAConflict()
    {
        await _ctl.OkAsync("set", "320", "sim1");
        var marker = Path.Combine(_folder, "seen");
        // The first round meets a change by another; the second saves the text over it.
        var editor = Write("editor.sh", $$"""
            #!/bin/sh
            if [ -e {{marker}} ]; then
                cp "$1" {{marker}}
                sed -i 's/CONFLICT/seen/' "$1"
            else
                touch {{marker}}
                sed -i 's/sim1/sim2/' "$1"
                curl -s -X PUT --unix-socket {{daemon.Process.UnixSocket}} http://localhost/v1/devmaps/default/entries/320 -H 'content-type: application/json' -d '{"interface": "sim3"}' >/dev/null
            fi
            """);
        File.SetUnixFileMode(editor, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await WithEditorAsync(editor, async () => Assert.Contains("written", await _ctl.OkAsync("edit", "entry", "320"), StringComparison.Ordinal));

        Assert.Matches(@"#! CONFLICT(.|\n)*sim3(.|\n)*\ninterface: sim2", File.ReadAllText(marker));
        Assert.Equal("sim2\n", await _ctl.OkAsync("get", "entry", "320", "-o", "jsonpath={.spec.interface}"));
        await WithEditorAsync("true", async () => Assert.Contains("unchanged", await _ctl.OkAsync("edit", "entry", "320"), StringComparison.Ordinal));
        await _ctl.OkAsync("delete", "entry", "320");
    }

    private static async Task WithEditorAsync(string editor, Func<Task> run)
    {
        Environment.SetEnvironmentVariable("VISUAL", editor);
        try
        {
            await run();
        }
        finally
        {
            Environment.SetEnvironmentVariable("VISUAL", null);
        }
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
