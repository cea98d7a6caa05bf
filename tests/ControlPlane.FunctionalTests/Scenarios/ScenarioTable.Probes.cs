using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

public static partial class ScenarioTable
{
    // "mute0" accepts no redirected frames, and "down0" is down.
    private static IEnumerable<Scenario> Probes =>
    [
        new("a probe tells that its frames left", [new PutAttachment("vlans", "veth-a", "native"), new PutEntry("vlans", "100", "veth-b")],
            new ProbeEntry("vlans", "100", 7),
            Done(("devmap", "vlans"), ("key", "100"), ("kernelKey", "100"), ("ingress", "veth-a"), ("interface", "veth-b"), ("frames", "7"), ("frameBytes", "1518"),
                ("sent", "7"), ("drops.count", "0"), ("state", "Forwarding"), ("proven.type", "Proven"), ("proven.status", "True"), ("proven.reason", "FramesSent"))),
        new("a probe sends ten frames unless told otherwise, and the entry counts them",
            [new PutAttachment("default", "veth-a", "native"), new PutEntry("default", "veth-a", "veth-b"), new ProbeEntry("default", "veth-a")],
            new GetEntry("default", "veth-a"),
            Done(("status.state", "Forwarding"), ("status.packets", "10"), ("status.bytes", "15180"))),
        new("a probe tells why its frames did not leave",
            [new PutAttachment("routes", "veth-a", "native"), new PutEntry("routes", "10.0.0.7", "mute0")],
            new ProbeEntry("routes", "10.0.0.7"),
            Done(("frames", "10"), ("sent", "0"), ("drops.0.cause", "notAccepted"), ("drops.0.errno", "95"), ("drops.0.packets", "10"), ("state", "Undeliverable"),
                ("proven.status", "False"), ("proven.reason", "NotAccepted"))),
        new("a probe of an egress program that drops",
            [new PutProgram("stop", "drop"), new PutAttachment("vlans", "veth-a", "native"), new PutEntry("vlans", "100", "veth-b", "stop")],
            new ProbeEntry("vlans", "100"),
            Done(("drops.0.cause", "notSent"), ("proven.status", "False"), ("proven.reason", "EgressProgramDrops"))),
        new("a probe of an entry that is not in the kernel sends nothing",
            [new PutAttachment("vlans", "veth-a", "native"), new PutEntry("vlans", "100", "late0", AllowPending: true)],
            new ProbeEntry("vlans", "100"),
            Done(("ingress", null), ("frames", "0"), ("sent", "0"), ("state", "Pending"), ("proven.status", "Unknown"), ("proven.reason", "NotInKernel"), ("expireTime", null))),
        new("a probe of a key that no frame has sends nothing",
            [new PutAttachment("vlans", "veth-a", "native"), new PutEntry("vlans", "5000", "veth-b")],
            new ProbeEntry("vlans", "5000"), Done(("frames", "0"), ("proven.status", "Unknown"), ("proven.reason", "NoVlanId"))),
        new("a probe needs native mode", [new PutAttachment("vlans", "veth-a", "generic"), new PutEntry("vlans", "100", "veth-b")],
            new ProbeEntry("vlans", "100"), new Expected.Failure(ErrorCode.InterfaceUnsuitable) { Remedy = true }),
        new("a probe in tcx mode", [new PutAttachment("default", "veth-a", "tcx"), new PutEntry("default", "veth-a", "veth-b")],
            new ProbeEntry("default", "veth-a"), new Expected.Failure(ErrorCode.InterfaceUnsuitable) { Remedy = true }),
        new("a probe needs an attachment", [new PutEntry("vlans", "100", "veth-b")],
            new ProbeEntry("vlans", "100"), new Expected.Failure(ErrorCode.InterfaceUnsuitable) { Remedy = true }),
        new("a probe of no frames", [new PutEntry("vlans", "100", "veth-b")], new ProbeEntry("vlans", "100", 0), Invalid("frames")),
        new("a probe of too many frames, of a key that is none", [], new ProbeEntry("vlans", "veth-a", 101), Invalid("frames", "key")),
        new("an unknown entry is not probed", [], new ProbeEntry("vlans", "100"), new Expected.Failure(ErrorCode.EntryNotFound)),
        new("an unmanaged entry is not probed", [], new ProbeEntry("default", "99"), new Expected.Failure(ErrorCode.EntryNotFound) { Remedy = true })
        {
            Between = ScenarioEvent.MapChangedByHand,
        },
        new("an entry of an unknown devmap is not probed", [], new ProbeEntry("nowhere", "1"), new Expected.Failure(ErrorCode.DevmapNotFound)),
    ];
}
