using System.Text.Json.Nodes;
using ControlPlane.Cli;
using ControlPlane.Cli.Commands;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using ControlPlane.TableFiles;
using ControlPlane.TestCommon;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlPlane.CliTests;

/// <summary>Values as text, and back.</summary>
public sealed class RenderingTests
{
    [Fact]
    public void Spec_AsJson_ReadsBack()
    {
        var spec = new EntrySpec
        {
            Interface = "veth1", EgressProgram = "p", Owner = "o", Labels = { ["a"] = "1" }, OnInterfaceGone = OnInterfaceGone.DeleteAfter,
            DeleteAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(90)), Actions = new EntryActions { SetVlan = 7, DecrementTtl = true },
        };
        var (back, errors) = (new EntrySpec(), new List<string>());

        MessageJson.Read(MessageJson.Of(spec).AsObject(), back, errors);

        Assert.Empty(errors);
        Assert.Equal(spec, back);
        Assert.Equal("""{"interface":"veth1","egressProgram":"p","labels":{"a":"1"},"owner":"o","actions":{"setVlan":7,"decrementTtl":true},"onInterfaceGone":"deleteAfter","deleteAfter":"90s"}""", MessageJson.Of(spec).ToJsonString());
    }

    [Fact]
    public void Spec_WithErrors_NamesAll()
    {
        var errors = new List<string>();
        MessageJson.Read((JsonObject)JsonNode.Parse("""{"interface": {}, "labels": 1, "actions": {"setVlan": "x", "popVlan": 1}, "onInterfaceGone": "never", "deleteAfter": "soon", "nothing": 1}""")!, new EntrySpec(), errors);
        Assert.Equal(["interface", "labels", "actions.setVlan", "actions.popVlan", "onInterfaceGone", "deleteAfter", "nothing"], errors.Select(e => e.Split(':')[0]));
    }

    [Theory]
    [InlineData("{\"a\":\"1\",\"b\":1,\"c\":true,\"d\":\"true\",\"e\":null,\"f\":\"null\",\"g\":\"\",\"h\":\" x\",\"i\":\"a: b\",\"j\":\"#x\",\"k\":\"x #y\",\"l\":\"- x\",\"m\":\"2026-01-02T03:04:05Z\",\"n\":\"10.0.0.7\",\"o\":\"02:00:00:00:00:01\",\"p\":\"a\\nb\\t\\\"c\\\\\",\"q\":\"yes\"}")]
    [InlineData("{\"list\":[1,\"a\",{\"x\":[{\"y\":{}}],\"z\":[]}],\"map\":{\"if:7\":{\"k\":\"v\"}}}")]
    public void Yaml_ReadsBack(string json)
    {
        var yaml = YamlText.Of(JsonNode.Parse(json));
        Assert.Equal(JsonNode.Parse(json)!.ToJsonString(), TableReader.ReadValue(yaml, "test")!.ToJsonString());
    }

    [Theory]
    [InlineData(".entries[0].key", "a")]
    [InlineData("{.entries[*].key}", "a b")]
    [InlineData("{.entries[-1].key}{\"\\n\"}", "b\n")]
    [InlineData("n={.n}", ".n")]
    [InlineData("{.entries[?(@.state==\"Pending\")].key}", "b")]
    [InlineData("{.entries[?(@.state!=\"Pending\")].key}", "a")]
    [InlineData("{$['n']} {.none}", "3 ")]
    public void JsonPath_GivesValues(string template, string text)
    {
        var json = JsonNode.Parse("""{"n": 3, "entries": [{"key": "a", "state": "Forwarding"}, {"key": "b", "state": "Pending"}]}""");
        Assert.Equal(text == ".n" ? "n=3" : text, JsonPath.Apply(template, json));
    }

    [Theory]
    [InlineData("{.a")]
    [InlineData("{.a[x]}")]
    public void JsonPath_Invalid_IsUsage(string template) =>
        Assert.Equal(ExitCodes.Usage, Assert.Throws<CommandFailedException>(() => JsonPath.Apply(template, JsonNode.Parse("{\"a\":[]}"))).ExitCode);

    [Theory]
    [InlineData(0, "0")]
    [InlineData(999, "999")]
    [InlineData(1000, "1.00k")]
    [InlineData(12345, "12.3k")]
    [InlineData(999_600, "1.00M")]
    [InlineData(123e9, "123G")]
    public void Short_HasThreeDigits(double value, string text) => Assert.Equal(text, Readable.Short(value));

    [Fact]
    public void Rates_AreThoseBetweenLooks()
    {
        var rates = new EntryRates();
        var second = System.Diagnostics.Stopwatch.Frequency;
        rates.Add(new EntryCounters { Key = "a", Packets = 100, Bytes = 1000 }, 0);
        rates.Add(new EntryCounters { Key = "a", Packets = 300, Bytes = 2000, Drops = 4 }, 2 * second);
        rates.Add(new EntryCounters { Key = "b", Packets = 5 }, 2 * second);
        var top = rates.Top(1).Single();
        Assert.Equal(("a", 100.0, 4000.0, 2.0), (top.Key, top.Packets, top.Bits, top.Drops));
        Assert.Equal("▁▅█", TopCommand.Sparkline([0, 50, 100]));
        rates.Forget(3 * second);
        Assert.Equal(0, rates.Count);
    }

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("30", 30)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    public void Spans_AreRead(string text, double seconds) => Assert.Equal(seconds, CommonOptions.Span(text).TotalSeconds);

    [Fact]
    [Trait("Group", "snapshot")]
    public async Task Help_IsAsRecorded()
    {
        var text = new StringWriter();
        foreach (var command in Commands(Devmapctl.Root(), []).Prepend([]))
        {
            text.WriteLine($"$ devmapctl {string.Join(' ', [.. command, "--help"])}");
            await Devmapctl.RunAsync([.. command, "--help"], new Terminal(text, text, TextReader.Null, false));
        }

        Snapshot.AssertMatches("tests/ControlPlane.CliTests/Snapshots/help.txt", text.ToString());
    }

    private static IEnumerable<string[]> Commands(System.CommandLine.Command root, string[] path) =>
        root.Subcommands.Where(c => !c.Hidden).SelectMany(c => Commands(c, [.. path, c.Name]).Prepend([.. path, c.Name]));
}
