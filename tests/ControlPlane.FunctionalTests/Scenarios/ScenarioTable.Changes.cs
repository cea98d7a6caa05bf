using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

public static partial class ScenarioTable
{
    // A devmap begins at revision 1.
    private static IEnumerable<Scenario> Changes =>
    [
        new("changes are listed with before and after, the newest first",
            [new PutEntry("vlans", "1", "veth-b", Owner: "me"), new PutEntry("vlans", "1", "veth-a", Owner: "me"), new DeleteEntry("vlans", "1", Owner: "me")],
            new ListChanges("vlans"),
            Done(("changes.count", "4"), ("changes.0.revision", "4"), ("changes.0.resource", "devmaps/vlans/entries/1"), ("changes.0.kind", "entry"),
                ("changes.0.before.entry.interface", "veth-a"), ("changes.0.before.entry.owner", "me"), ("changes.0.after", null), ("changes.0.devmap", "vlans"),
                ("changes.0.count", "1"), ("changes.1.before.entry.interface", "veth-b"), ("changes.1.after.entry.interface", "veth-a"),
                ("changes.2.before.entry.interface", null), ("changes.2.after.entry.interface", "veth-b"), ("changes.3.kind", "devmap"), ("nextPageToken", null))),
        new("changes are listed the oldest first, in pages", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-b")],
            new ListChanges("vlans", "oldest", 1) { SinceRevision = 2 }, Done(("changes.count", "1"), ("changes.0.revision", "2"), ("changes.0.resource", "devmaps/vlans/entries/1"))),
        new("changes of attachments and programs", [new PutProgram("seen", "count", Owner: "me"), new PutAttachment("default", "veth-a", "native", Labels(("rack", "7")))],
            new ListChanges { SinceRevision = 2 },
            Done(("changes.count", "2"), ("changes.0.kind", "attachment"), ("changes.0.resource", "devmaps/default/attachments/veth-a"), ("changes.0.after.attachment.mode", "native"),
                ("changes.0.after.attachment.labels.rack", "7"), ("changes.1.kind", "program"), ("changes.1.resource", "programs/seen"), ("changes.1.after.program.template", "count"))),
        new("changes by owner", [new PutEntry("vlans", "1", "veth-b", Owner: "me"), new PutEntry("vlans", "2", "veth-b"), new PutProgram("seen", "count", Owner: "me")],
            new ListChanges { Owner = "me" }, Done(("changes.count", "2"), ("changes.0.revision", "4"), ("changes.1.revision", "2"))),
        new("changes by key", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("routes", "10.0.0.7", "veth-b")],
            new ListChanges { Key = "10.0.0.7" }, Done(("changes.count", "1"), ("changes.0.revision", "3"))),
        new("changes by revision", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-b"), new PutEntry("vlans", "3", "veth-b")],
            new ListChanges { SinceRevision = 3, UntilRevision = 3 }, Done(("changes.count", "1"), ("changes.0.resource", "devmaps/vlans/entries/2"))),
        new("changes by an actor that has made none", [new PutEntry("vlans", "1", "veth-b")], new ListChanges { Actor = "token nobody" }, Done(("changes.count", "0"))),
        new("changes of the future", [new PutEntry("vlans", "1", "veth-b")], new ListChanges { SinceTime = "2999-01-01T00:00:00Z" }, Done(("changes.count", "0"))),
        new("changes with arguments that cannot be", [],
            new ListChanges(Order: "sideways", PageSize: 0) { Owner = "a b", SinceRevision = -1, UntilRevision = -1 }, Invalid("order", "pageSize", "owner", "sinceRevision", "untilRevision")),
        new("a change is undone", [new PutEntry("vlans", "1", "veth-b", Labels: Labels(("pod", "a"))), new PutEntry("vlans", "1", "veth-a")],
            new RevertChange(3), Done(("revision", "4"), ("created", "0"), ("changed", "1"), ("deleted", "0"), ("unchanged", "0"), ("plan.count", "0"), ("truncated", "false"))),
        new("a change is undone: the entry is as it was", [new PutEntry("vlans", "1", "veth-b", Labels: Labels(("pod", "a"))), new PutEntry("vlans", "1", "veth-a"), new RevertChange(3)],
            new GetEntry("vlans", "1"), Done(("revision", "4"), ("spec.interface", "veth-b"), ("spec.labels.pod", "a"), ("status.state", "Forwarding"))),
        new("the plan of a reversal", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "1", "veth-a")],
            new RevertChange(3, DryRun: true),
            Done(("revision", "3"), ("changed", "1"), ("plan.count", "1"), ("plan.0.resource", "devmaps/vlans/entries/1"), ("plan.0.kind", "entry"), ("plan.0.action", "change"),
                ("plan.0.before.entry.interface", "veth-a"), ("plan.0.after.entry.interface", "veth-b"))),
        new("a change that others have changed since", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "1", "veth-a")],
            new RevertChange(2), new Expected.Failure(ErrorCode.RevisionMismatch, "devmaps/vlans/entries/1") { Remedy = true }),
        new("a change that others have changed since is undone by force", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "1", "veth-a")],
            new RevertChange(2, Force: true), Done(("deleted", "1"))),
        new("a change that was undone already", [new PutEntry("vlans", "1", "veth-b"), new RevertChange(2)], new RevertChange(2), Done(("revision", "3"), ("unchanged", "1"))),
        new("a change of a device's egress program is undone",
            [new PutProgram("seen", "count"), new PutEntry("vlans", "1", "veth-b"), new PutEntry("routes", "10.0.0.7", "veth-b"), new SetEgressProgram("veth-b", "seen")],
            new RevertChange(5), Done(("revision", "6"), ("changed", "2"))),
        new("a change that has not been", [], new RevertChange(77), Invalid("revision")),
        new("a change of a devmap of the configuration cannot be undone", [], new RevertChange(1), new Expected.Failure(ErrorCode.NotSupported) { Remedy = true }),
        new("everything is as it was",
            [
                new PutProgram("seen", "count"), new PutEntry("vlans", "1", "veth-b", "seen"), new PutAttachment("vlans", "veth-a", "native"),
                new DeleteEntry("vlans", "1"), new DeleteProgram("seen"), new DeleteAttachment("vlans", "veth-a"), new PutEntry("vlans", "2", "veth-a"),
            ],
            new RevertState(4), Done(("revision", "9"), ("created", "3"), ("changed", "0"), ("deleted", "1"))),
        new("the plan of a state", [new PutEntry("vlans", "1", "veth-b"), new PutProgram("seen", "count")],
            new RevertState(1, DryRun: true),
            Done(("revision", "3"), ("deleted", "2"), ("plan.count", "2"), ("plan.0.resource", "programs/seen"), ("plan.0.action", "delete"), ("plan.1.resource", "devmaps/vlans/entries/1"))),
        new("a state of now", [new PutEntry("vlans", "1", "veth-b")], new RevertState(2), Done(("revision", "2"), ("unchanged", "0"))),
        new("a state of the future", [], new RevertState(77), Invalid("revision")),
        new("a state of no revision", [], new RevertState(null), Invalid("revision")),
    ];
}
