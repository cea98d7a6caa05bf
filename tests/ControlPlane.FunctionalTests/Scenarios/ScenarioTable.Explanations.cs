using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

public static partial class ScenarioTable
{
    private static IEnumerable<Scenario> Explanations =>
    [
        new("a frame that leaves is explained",
            [new PutProgram("to-router-1", "rewriteMac", "02:00:00:00:00:0b", "02:00:00:00:00:0c"), new PutAttachment("routes", "veth-a", "native"),
                new PutEntry("routes", "10.0.0.7", "veth-b", "to-router-1")],
            new Explain("routes", Ingress: "veth-a", Vlan: 100, Destination: "10.0.0.7", Length: 1400),
            Done(("devmap", "routes"), ("key", "10.0.0.7"), ("kernelKey", "167772167"),
                ("frame.ingress", "veth-a"), ("frame.vlan", "100"), ("frame.dst", "10.0.0.7"), ("frame.length", "1400"), ("frame.bytes", "1418"),
                ("steps.0.type", "IngressReceives"), ("steps.0.status", "True"), ("steps.0.evidence.ifindex", "2"),
                ("steps.1.type", "IngressAttached"), ("steps.1.evidence.attachments", "veth-a native"),
                ("steps.2.type", "KeyFound"), ("steps.2.reason", "Ipv4Destination"), ("steps.3.type", "InKernel"), ("steps.3.evidence.interface", "veth-b"),
                ("verdict.outcome", "leaves"), ("verdict.reason", "Forwarded"), ("verdict.remedy.commands.0", null), ("verdict.leaving.interface", "veth-b"),
                ("verdict.leaving.bytes", "1418"), ("verdict.leaving.vlan", "100"),
                ("verdict.leaving.sourceMac", "02:00:00:00:00:0b"), ("verdict.leaving.destinationMac", "02:00:00:00:00:0c"))),
        new("an entry is explained by its key", [new PutAttachment("default", "veth-a", "native"), new PutEntry("default", "veth-a", "down0")],
            new Explain("default", "veth-a"),
            Done(("key", "veth-a"), ("frame.ingress", "veth-a"), ("frame.length", null), ("verdict.outcome", "dropped"), ("verdict.reason", "AdministrativelyDown"),
                ("verdict.remedy.commands.0", "ip link set dev down0 up"), ("verdict.leaving.interface", null))),
        new("an entry whose key has a colon is explained", [new PutAttachment("default", "7", "native"), new PutEntry("default", "if:7", "veth-b")],
            new Explain("default", "if:7"), Done(("key", "if:7"), ("kernelKey", "5"), ("verdict.outcome", "leaves"))),
        new("an entry whose key has letters beyond ASCII is explained", [new PutAttachment("default", "zürich0", "native"), new PutEntry("default", "zürich0", "veth-b")],
            new Explain("default", "zürich0"), Done(("key", "zürich0"), ("verdict.outcome", "leaves"))),
        new("a frame that no redirect program sees is explained", [new PutEntry("vlans", "100", "veth-b")],
            new Explain("vlans", "100"), Done(("frame.vlan", "100"), ("verdict.outcome", "passed"), ("verdict.reason", "NotAttached"))),
        new("a frame that misses is explained", [new PutAttachment("vlans", "veth-a", "native")],
            new Explain("vlans", Vlan: 7), Done(("key", "7"), ("verdict.outcome", "dropped"), ("verdict.reason", "NoEntry"))),
        new("a frame that never comes is explained", [new PutEntry("vlans", "5000", "veth-b")],
            new Explain("vlans", "5000"), Done(("key", "5000"), ("steps.count", "1"), ("verdict.outcome", "notReceived"), ("verdict.reason", "NoVlanId"))),
        new("all that is wrong with a described frame is told at once", [],
            new Explain("vlans", Ingress: "veth-z", Vlan: 4096, Destination: "10.0.0", Length: 27, Ttl: 256), Invalid("ingress", "vlan", "dst", "length", "ttl")),
        new("a frame without the ingress that is its key", [], new Explain("default", Vlan: 7), Invalid("ingress")),
        new("a frame that cannot have the key", [new PutEntry("routes", "10.0.0.7", "veth-b")],
            new Explain("routes", "10.0.0.7", Destination: "10.0.0.8"), Invalid("dst")),
        new("a key that is none is not explained", [], new Explain("vlans", "veth-a"), Invalid("key")),
        new("an unknown entry is not explained", [], new Explain("vlans", "100"), new Expected.Failure(ErrorCode.EntryNotFound)),
        new("a frame in an unknown devmap", [], new Explain("nowhere", Vlan: 7), new Expected.Failure(ErrorCode.DevmapNotFound)),
    ];
}
