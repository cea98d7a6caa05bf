using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

public static partial class ScenarioTable
{
    private static IEnumerable<Scenario> Attachments =>
    [
        new("a redirect program is attached", [],
            new PutAttachment("default", "veth-a", "native"),
            Created(("devmap", "default"), ("interface", "veth-a"), ("mode", "native"), ("status.state", "Attached"), ("status.ifindex", "2"))),
        new("the same attachment again changes nothing", [new PutAttachment("default", "veth-a", "native")],
            new PutAttachment("default", "veth-a", "native"), Changed(("mode", "native"))),
        new("an attachment changes its mode", [new PutAttachment("default", "veth-a", "native")],
            new PutAttachment("default", "veth-a", "generic"), Changed(("mode", "generic"), ("status.state", "Attached"))),
        new("an attachment to an interface with a dot", [],
            new PutAttachment("default", "eth0.100", "generic"), Created(("interface", "eth0.100"), ("mode", "generic"))),
        new("an attachment is read back", [new PutAttachment("default", "zürich0", "native")],
            new GetAttachment("default", "zürich0"), Done(("interface", "zürich0"), ("status.state", "Attached"))),
        new("attachments are listed by name", [new PutAttachment("default", "veth-b", "native"), new PutAttachment("default", "veth-a", "native")],
            new ListAttachments("default"), Done(("attachments.count", "2"), ("attachments.0.interface", "veth-a"))),
        new("an attachment is deleted", [new PutAttachment("default", "veth-a", "native")],
            new DeleteAttachment("default", "veth-a"), Done()),
        new("a deleted attachment is gone", [new PutAttachment("default", "veth-a", "native"), new DeleteAttachment("default", "veth-a")],
            new GetAttachment("default", "veth-a"), new Expected.Failure(ErrorCode.AttachmentNotFound)),
        new("an unknown attachment is not deleted", [],
            new DeleteAttachment("default", "veth-a"), new Expected.Failure(ErrorCode.AttachmentNotFound)),
        new("an attachment of an unknown devmap", [],
            new PutAttachment("nowhere", "veth-a", "native"), new Expected.Failure(ErrorCode.DevmapNotFound)),
        new("an attachment without a mode", [],
            new PutAttachment("default", "veth-a", null), Invalid("mode")),
        new("an attachment to an unknown interface", [],
            new PutAttachment("default", "veth-z", "native"), new Expected.Failure(ErrorCode.InterfaceNotFound, "interface")),
        new("an interface held by a program of somebody else", [],
            new PutAttachment("default", "held0", "native"), new Expected.Failure(ErrorCode.AttachConflict, "interface") { Errno = Errno.EBUSY, Remedy = true }),
        new("an interface whose driver knows no XDP", [],
            new PutAttachment("default", "bare0", "native"), new Expected.Failure(ErrorCode.InterfaceUnsuitable, "interface") { Errno = Errno.EOPNOTSUPP, Remedy = true }),
        new("the loopback interface, by which the callers come", [],
            new PutAttachment("default", "lo", "generic"), new Expected.Failure(ErrorCode.InterfaceUnsuitable, "interface") { Remedy = true }),
        new("an interface held by another devmap", [new PutAttachment("default", "veth-a", "native")],
            new PutAttachment("vlans", "veth-a", "native"), new Expected.Failure(ErrorCode.AttachConflict, "interface") { Remedy = true }),
    ];

    private static IEnumerable<Scenario> Programs =>
    [
        new("a program without parameters", [],
            new PutProgram("seen", "count"), Created(("name", "seen"), ("template", "count"), ("status.entries", "0"), ("status.packets", "0"))),
        new("a program that rewrites addresses", [],
            new PutProgram("to-router-1", "rewrite-mac", "02:00:00:00:00:01", "02-00-00-00-00-0A"),
            Created(("template", "rewrite-mac"), ("parameters.sourceMac", "02:00:00:00:00:01"), ("parameters.destinationMac", "02:00:00:00:00:0a"))),
        new("a program that pushes a tag", [],
            new PutProgram("tag", "push-vlan", VlanId: 100), Created(("parameters.vlanId", "100"))),
        new("the same program again changes nothing", [new PutProgram("tag", "push-vlan", VlanId: 100)],
            new PutProgram("tag", "push-vlan", VlanId: 100), Changed(("parameters.vlanId", "100"))),
        new("a program is read back", [new PutProgram("seen", "count"), new PutEntry("default", "veth-a", "veth-b", "seen")],
            new GetProgram("seen"), Done(("name", "seen"), ("status.entries", "1"))),
        new("programs are listed by name", [new PutProgram("b", "pop-vlan"), new PutProgram("a", "drop")],
            new ListPrograms(), Done(("programs.count", "2"), ("programs.0.name", "a"))),
        new("a program is deleted", [new PutProgram("seen", "count")], new DeleteProgram("seen"), Done()),
        new("an unknown program", [], new GetProgram("seen"), new Expected.Failure(ErrorCode.ProgramNotFound)),
        new("an unknown program is not deleted", [], new DeleteProgram("seen"), new Expected.Failure(ErrorCode.ProgramNotFound)),
        new("a program in use is not deleted", [new PutProgram("seen", "count"), new PutEntry("default", "veth-a", "veth-b", "seen")],
            new DeleteProgram("seen"), new Expected.Failure(ErrorCode.ProgramInUse) { Remedy = true }),
        new("a program in use is not changed", [new PutProgram("seen", "count"), new PutEntry("default", "veth-a", "veth-b", "seen")],
            new PutProgram("seen", "drop"), new Expected.Failure(ErrorCode.ProgramInUse) { Remedy = true }),
        new("a program without a template", [], new PutProgram("seen", null), Invalid("template")),
        new("a tag without its id", [], new PutProgram("tag", "push-vlan"), Invalid("parameters.vlanId")),
        new("a tag with an id that cannot be", [], new PutProgram("tag", "push-vlan", VlanId: 4095), Invalid("parameters.vlanId")),
        new("all parameters are wrong at once", [],
            new PutProgram("r", "rewrite-mac", "02:00:00:00:00", "zz:00:00:00:00:01", 5),
            Invalid("parameters.sourceMac", "parameters.destinationMac", "parameters.vlanId")),
    ];

    private static IEnumerable<Scenario> ReadOnlyResources =>
    [
        new("devmaps are listed by name", [],
            new ListDevmaps(), Done(("devmaps.count", "5"), ("devmaps.0.name", "default"), ("devmaps.1.name", "narrow"))),
        new("a devmap is read", [new PutEntry("default", "veth-a", "veth-b")],
            new GetDevmap("default"),
            Done(("name", "default"), ("maxEntries", "64"), ("valueSize", "8"), ("keySelector", "ingressInterface"), ("missAction", "pass"),
                ("status.entries", "1"), ("status.traffic.redirectedPackets", "0"))),
        new("a devmap without counters has none", [], new GetDevmap("tiny"), Done(("counters", "false"), ("status.traffic.redirectedPackets", null))),
        new("an unknown devmap", [], new GetDevmap("nowhere"), new Expected.Failure(ErrorCode.DevmapNotFound)),
        new("an audit of a devmap that is as wanted", [new PutEntry("default", "veth-a", "veth-b")],
            new AuditDevmap("default"), Done(("checked", "1"), ("found", "0"), ("repaired", "0"), ("repair", "true"), ("drifts.count", "0"))),
        new("an audit puts right what somebody has changed", [new PutEntry("default", "veth-a", "veth-b")],
            new AuditDevmap("default"),
            Done(("checked", "2"), ("found", "2"), ("repaired", "2"), ("drifts.count", "2"),
                ("drifts.0.key", "veth-a"), ("drifts.0.kernelKey", "2"), ("drifts.0.wanted.interface", "veth-b"), ("drifts.0.repaired", "true"),
                ("drifts.1.key", "99"), ("drifts.1.found.interface", "lo")))
            { Between = Happening.SomebodyChangesTheMap },
        new("an audit without repair only tells", [new PutEntry("default", "veth-a", "veth-b")],
            new AuditDevmap("default", Repair: false), Done(("found", "2"), ("repaired", "0"), ("repair", "false"), ("drifts.0.repaired", "false")))
            { Between = Happening.SomebodyChangesTheMap },
        new("an audit is told of by the devmap", [new AuditDevmap("default")],
            new GetDevmap("default"), Done(("status.audit.audits", "1"), ("status.audit.found", "0"))),
        new("an audit of an unknown devmap", [], new AuditDevmap("nowhere"), new Expected.Failure(ErrorCode.DevmapNotFound)),
        new("interfaces are listed by index", [],
            new ListInterfaces(), Done(("interfaces.count", "10"), ("interfaces.0.name", "lo"), ("interfaces.1.name", "veth-a"))),
        new("an interface is read", [],
            new GetInterface("zürich0"), Done(("name", "zürich0"), ("ifindex", "6"), ("canBeTarget", "true"), ("up", "true"))),
        new("an interface that cannot be a target", [],
            new GetInterface("mute0"), Done(("canBeTarget", "false"))),
        new("an unknown interface is read", [], new GetInterface("veth-z"), new Expected.Failure(ErrorCode.InterfaceNotFound, "interface")),
        new("the host", [], new GetHost(), Done(("simulated", "true"))),
    ];
}
