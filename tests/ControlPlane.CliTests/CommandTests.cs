using System.Text.Json.Nodes;

namespace ControlPlane.CliTests;

/// <summary>Commands against a daemon.</summary>
public sealed class CommandTests(SimulatedDaemon daemon) : IClassFixture<SimulatedDaemon>
{
    private readonly Ctl _ctl = daemon.Ctl;

    [Fact]
    public async Task Entry_SetGetDescribeDelete()
    {
        Assert.Contains("devmaps/default/entries/100 created: Forwarding", await _ctl.OkAsync("set", "100", "sim1", "--label", "a=b", "--owner", "me", "--action", "decrementTtl"), StringComparison.Ordinal);
        Assert.Equal("devmaps/default/entries/100\n", await _ctl.OkAsync("get", "entry", "100", "-o", "name"));
        Assert.Matches(@"KEY +INTERFACE +STATE.*\n100 +sim1 +Forwarding", await _ctl.OkAsync("get", "entry/100"));
        Assert.Matches(@"decrementTtl +me +- +a=b", await _ctl.OkAsync("get", "e", "-l", "a=b", "--owner", "me", "-o", "wide"));
        Assert.Equal("sim1\n", await _ctl.OkAsync("get", "entry", "100", "-o", "jsonpath={.spec.interface}"));
        Assert.Contains("InKernel", await _ctl.OkAsync("describe", "devmaps/default/entries/100"), StringComparison.Ordinal);

        Assert.Equal(5, (await _ctl.RunAsync("delete", "entry", "100")).Code); // of another owner
        Assert.Equal("devmaps/default/entries/100 deleted\n", await _ctl.OkAsync("delete", "entries", "-l", "a=b", "--owner", "me"));
        Assert.Equal(1, (await _ctl.RunAsync("get", "entry", "100")).Code);
        Assert.Equal(0, (await _ctl.RunAsync("delete", "entry", "100", "--ignore-not-found")).Code);
    }

    [Fact]
    public async Task Json_IsThatOfRest()
    {
        await _ctl.OkAsync("set", "110", "sim1", "--label", "n=1");
        using var http = daemon.Process.ConnectUnix();

        var rest = JsonNode.Parse(await http.GetStringAsync("/v1/devmaps/default/entries/110"))!;
        var here = JsonNode.Parse(await _ctl.OkAsync("get", "entry", "110", "-o", "json"))!;

        AssertWithin(here, rest, "");
        Assert.Equal(rest["status"]!["conditions"]!.AsArray().Count, here["status"]!["conditions"]!.AsArray().Count);
    }

    // All that devmapctl shows is as REST has it; it leaves out what is not set. Remedies name gRPC's calls there, and paths here.
    private static void AssertWithin(JsonNode here, JsonNode? rest, string path)
    {
        if (path.EndsWith("request", StringComparison.Ordinal))
            return;
        switch (here)
        {
            case JsonObject map:
                foreach (var (name, value) in map)
                    AssertWithin(value!, rest?[name], $"{path}.{name}");
                break;
            case JsonArray list:
                foreach (var (index, item) in list.Index())
                    AssertWithin(item!, rest?.AsArray()[index], $"{path}[{index}]");
                break;
            default:
                Assert.True(here.ToJsonString() == rest?.ToJsonString(), $"{path}: {here.ToJsonString()} here, {rest?.ToJsonString()} by REST");
                break;
        }
    }

    [Fact]
    public async Task Attach_Doctor_Fix_LeavesNothingToMend()
    {
        await _ctl.OkAsync("set", "sim2", "sim3", "-d", "default");
        var doctor = await _ctl.RunAsync("doctor");
        Assert.Equal(1, doctor.Code);
        Assert.Contains("devmapctl attach sim2 --mode auto", doctor.Out, StringComparison.Ordinal);

        var mended = await _ctl.RunAsync("doctor", "--fix");

        Assert.DoesNotContain("devmaps/default/entries/sim2\n", mended.Out[mended.Out.LastIndexOf("running:", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Matches("sim2 +auto \\(tcx\\) +Attached", await _ctl.OkAsync("get", "attachments"));
        Assert.Equal(0, (await _ctl.RunAsync("explain", "sim2")).Code);
        await _ctl.OkAsync("detach", "sim2");
        await _ctl.OkAsync("delete", "entry", "sim2");
    }

    [Fact]
    public async Task Explain_Dropped_Fails()
    {
        var explained = await _ctl.RunAsync("explain", "--ingress", "sim0", "--length", "1400");
        Assert.Equal(1, explained.Code);
        Assert.Contains("FAIL", explained.Out, StringComparison.Ordinal);
        Assert.Matches(@"\n[A-Z]+ \(\w+\): ", explained.Out);
    }

    [Fact]
    public async Task Wait_EndsWithTheStateOrTheTime()
    {
        await _ctl.OkAsync("set", "120", "later0", "--allow-pending", "--label", "wait=1");
        var late = await _ctl.RunAsync("wait", "120", "--timeout", "300ms");
        Assert.Equal(4, late.Code);
        Assert.Contains("Pending", late.Error, StringComparison.Ordinal);
        Assert.Equal(4, (await _ctl.RunAsync("wait", "-l", "wait=1", "--timeout", "100ms")).Code);
        Assert.Equal(4, (await _ctl.RunAsync("set", "121", "later0", "--wait", "--timeout", "100ms")).Code);
        await _ctl.OkAsync("set", "120", "sim1", "--label", "wait=1");
        await _ctl.OkAsync("wait", "120");
        await _ctl.OkAsync("wait", "-l", "wait=1");
        await _ctl.OkAsync("delete", "entry", "120", "121");
    }

    [Fact]
    public async Task History_Revert_TakesBack()
    {
        await _ctl.OkAsync("set", "130", "sim1");
        await _ctl.OkAsync("set", "130", "sim2");
        var revision = (await _ctl.OkAsync("get", "entry", "130", "-o", "jsonpath={.revision}")).Trim();
        Assert.Matches($@"{revision} .*change +devmaps/default/entries/130", await _ctl.OkAsync("history", "--key", "130"));

        Assert.Contains("~ devmaps/default/entries/130", await _ctl.OkAsync("revert", revision, "--dry-run"), StringComparison.Ordinal);
        await _ctl.OkAsync("revert", revision);

        Assert.Equal("sim1\n", await _ctl.OkAsync("get", "entry", "130", "-o", "jsonpath={.spec.interface}"));
        Assert.Contains("sim2", await _ctl.OkAsync("history", "--key", "130", "-o", "yaml"), StringComparison.Ordinal);
        Assert.Equal(2, (await _ctl.RunAsync("revert")).Code);
        await _ctl.OkAsync("delete", "entry", "130");
    }

    [Fact]
    public async Task Programs_LeasesTokens()
    {
        await _ctl.OkAsync("program", "set", "counting", "count", "--label", "x=y");
        await _ctl.OkAsync("set", "140", "sim0", "--egress-program", "counting");
        Assert.Contains("1 entries changed", await _ctl.OkAsync("program", "use", "sim0", "none"), StringComparison.Ordinal);
        await _ctl.OkAsync("lease", "set", "mine", "--ttl", "1m");
        Assert.Matches("mine +60s", await _ctl.OkAsync("get", "leases"));
        await _ctl.OkAsync("delete", "lease", "mine");
        Assert.StartsWith("devmapd_", await _ctl.OkAsync("token", "create", "cli", "--role", "viewer", "--expires", "1h"), StringComparison.Ordinal);
        Assert.Matches("cli +viewer +Active", await _ctl.OkAsync("token", "list"));
        await _ctl.OkAsync("token", "delete", "cli");
        await _ctl.OkAsync("delete", "entry", "140");
        await _ctl.OkAsync("delete", "program", "counting");
    }

    [Fact]
    public async Task Others_Answer()
    {
        Assert.Contains("routes", await _ctl.OkAsync("get", "devmaps"), StringComparison.Ordinal);
        Assert.Matches("sim0 +2 +veth +up", await _ctl.OkAsync("get", "interfaces"));
        Assert.Contains("simulated", await _ctl.OkAsync("get", "host"), StringComparison.Ordinal);
        Assert.Contains("devmaps/default: ", await _ctl.OkAsync("audit"), StringComparison.Ordinal);
        Assert.Contains("devmapd ", await _ctl.OkAsync("version"), StringComparison.Ordinal);
        Assert.Contains("frames/s", await _ctl.OkAsync("top", "--interval", "10ms"), StringComparison.Ordinal);
        var probe = await _ctl.RunAsync("probe", "150");
        Assert.Equal(1, probe.Code); // off unless the daemon allows probes
        Assert.Contains("permission_denied", probe.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "no kind of resource", "get", "nothing")]
    [InlineData(2, "Unrecognized", "get", "entries", "--nothing")]
    [InlineData(2, "Say what to do")]
    [InlineData(2, "no form of output", "get", "entries", "-o", "xml")]
    [InlineData(2, "no label", "get", "entries", "-l", "x")]
    [InlineData(2, "invalid_argument", "set", "1", "sim1", "--label", "bad name=1")]
    [InlineData(2, "Say which", "token")]
    [InlineData(1, "devmap_not_found", "get", "entries", "-d", "nothing")]
    [InlineData(5, "already_exists", "set", "160", "sim1", "--revision", "0")]
    public async Task Failures_HaveTheirCodes(int code, string text, params string[] args)
    {
        await _ctl.OkAsync("set", "160", "sim1");
        var result = args.Length > 0 ? await _ctl.RunAsync(args) : await NothingAsync();
        Assert.Equal(code, result.Code);
        Assert.Contains(text, result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Out);
    }

    [Fact]
    public async Task NoDaemon_IsSaid()
    {
        var result = await new Ctl("unix:/nothing/here.sock").RunAsync("get", "entries");
        Assert.Equal(1, result.Code);
        Assert.Contains("no daemon answers at unix:/nothing/here.sock", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_AndEvents_ShowChanges()
    {
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var before = (await _ctl.OkAsync("get", "host", "-o", "jsonpath={.revision}")).Trim();
        await _ctl.OkAsync("set", "170", "sim1", "--label", "watch=1");
        await _ctl.OkAsync("delete", "entry", "170");

        var events = await _ctl.RunAsync("", ["events", "-d", "default", "--since", before, "--count", "2"], end.Token);

        Assert.Matches(@"put +devmaps/default/entries/170 -> sim1.*\n.*delete +devmaps/default/entries/170", events.Out);
    }

    private static async Task<CtlResult> NothingAsync()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await Cli.Devmapctl.RunAsync([], new Cli.Running.Terminal(output, error, TextReader.Null, false));
        return new CtlResult(code, output.ToString(), error.ToString());
    }
}
