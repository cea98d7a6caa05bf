using ControlPlane.TestCommon.Lab;
using Devmapd.V1;

namespace ControlPlane.Demo;

/// <summary>The demo's network: one devmap for each key selector, and entries in the states a user meets.</summary>
internal static class DemoNetwork
{
    /// <summary>The egress port that is missing at first.</summary>
    public const string LatePort = "later";

    /// <summary>The devmaps, as arguments of the daemon.</summary>
    public static string[] Devmaps =>
        [.. Devmap(0, "ports", "ingressInterface"), .. Devmap(1, "vlans", "vlan"), .. Devmap(2, "routes", "ipv4Destination")];

    /// <summary>The ingress ports, and the devmap whose redirect program runs on each.</summary>
    public static IReadOnlyList<(string Port, string Devmap)> Entrances { get; } =
        [("in1", "ports"), ("in2", "ports"), ("trunk", "vlans"), ("uplink", "routes")];

    /// <summary>The egress ports that are there from the start.</summary>
    public static IReadOnlyList<string> Exits { get; } = ["out1", "out2", "plain", "tenant", "router", "sink"];

    /// <summary>The egress programs.</summary>
    public static IReadOnlyList<(string Name, EgressProgramSpec Spec)> Programs { get; } =
    [
        ("meter", new() { Template = EgressTemplate.Count }),
        ("untag", new() { Template = EgressTemplate.PopVlan }),
        ("discard", new() { Template = EgressTemplate.Drop }),
        (
            "to-router",
            new()
            {
                Template = EgressTemplate.RewriteMac,
                Parameters = new() { SourceMac = "02:00:00:00:00:aa", DestinationMac = "02:00:00:00:00:bb" },
            }),
    ];

    /// <summary>The streams, each with its entry.</summary>
    public static IReadOnlyList<Flow> Flows { get; } =
    [
        new(Entry("ports", Topology.Name("in1"), "out1"), "in1", "out1", 1000, mark => Frames.Udp(mark, payload: 1000)),
        new(Entry("ports", Topology.Name("in2"), "out2", "meter"), "in2", "out2", 400, mark => Frames.Arp(mark)),
        new(Entry("vlans", "0", "plain"), "trunk", "plain", 200, mark => Frames.Udp(mark)),
        new(Entry("vlans", "100", "tenant", "untag"), "trunk", "tenant", 300, mark => Frames.Udp(mark, tags: new VlanTag(100))),
        new(Entry("vlans", "200", "tenant", "untag"), "trunk", "tenant", 100, mark => Frames.Udp(mark, tags: new VlanTag(200))),
        new(Entry("routes", "10.0.0.7", "router", "to-router"), "uplink", "router", 600, mark => Frames.Udp(mark, "10.0.0.7", 400)),
        new(Entry("routes", "10.0.0.8", "router", "to-router"), "uplink", "router", 150, mark => Frames.Udp(mark, "10.0.0.8", 400)),
        new(Entry("routes", "10.0.0.66", "sink", "discard"), "uplink", "sink", 50, mark => Frames.Udp(mark, "10.0.0.66")),
        new(Entry("routes", "10.0.0.99", LatePort), "uplink", LatePort, 50, mark => Frames.Udp(mark, "10.0.0.99")),
    ];

    private static FlowEntry Entry(string devmap, string key, string exit, string? program = null)
    {
        var spec = new EntrySpec { Interface = Topology.Name(exit) };
        if (program is not null)
            spec.EgressProgram = program;
        return new FlowEntry(devmap, key, spec);
    }

    private static string[] Devmap(int index, string name, string selector)
    {
        var key = $"--ControlPlane:Devmaps:{index}";
        return [$"{key}:Name={name}", $"{key}:KeySelector={selector}", $"{key}:MissAction=drop", $"{key}:MaxEntries=1024"];
    }
}
