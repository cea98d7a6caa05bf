using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

public static partial class ScenarioTable
{
    private static IEnumerable<Scenario> Waits =>
    [
        new("a put that waits for an entry that forwards", [],
            new PutEntry("vlans", "1", "veth-b") { Wait = "Forwarding" }, Created(("revision", "2"), ("status.state", "Forwarding"))),
        new("a put that waits for an entry that does not forward", [],
            new PutEntry("vlans", "1", "gone0", AllowPending: true) { Wait = "Forwarding", Timeout = "0s" },
            Created(("entry.revision", "2"), ("entry.status.state", "Pending"), ("waitSatisfied", "false"), ("unsatisfied.count", "1"),
                ("unsatisfied.0.devmap", "vlans"), ("unsatisfied.0.key", "1"), ("unsatisfied.0.state", "Pending"), ("unsatisfied.0.condition.type", "InterfacePresent"),
                ("unsatisfied.0.condition.reason", "NoSuchInterface"))),
        new("a put that changes an entry and waits", [new PutEntry("vlans", "1", "veth-b")],
            new PutEntry("vlans", "1", "down0") { Wait = "Forwarding", Timeout = "0.05s" },
            Changed(("entry.revision", "3"), ("waitSatisfied", "false"), ("unsatisfied.0.state", "Undeliverable"), ("unsatisfied.0.condition.type", "InterfaceUp"))),
        new("a put with a timeout that cannot be", [], new PutEntry("vlans", "1", "veth-b") { Wait = "Forwarding", Timeout = "301s" }, Invalid("timeout")),
        new("a put with a timeout and no wait", [], new PutEntry("vlans", "1", "veth-b") { Timeout = "1s" }, Invalid("timeout")),
        new("a put that waits for a state that cannot be waited for", [], new PutEntry("vlans", "1", "veth-b") { Wait = "Pending" }, Invalid("wait")),
        new("a batch that waits", [new PutEntry("vlans", "9", "down0")],
            new ApplyEntries("atomic", new PutEntry("vlans", "1", "veth-b"), new PutEntry("routes", "10.0.0.7", "veth-b"), new DeleteEntry("vlans", "9")) { Wait = "Forwarding" },
            Done(("waitSatisfied", "true"), ("unsatisfied.count", "0"), ("results.0.state", "Forwarding"))),
        new("a batch that waits for entries that do not forward", [],
            new ApplyEntries("independent", new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "down0"), new PutEntry("vlans", "3", "never0")) { Wait = "Forwarding", Timeout = "0s" },
            Done(("waitSatisfied", "false"), ("unsatisfied.count", "1"), ("unsatisfied.0.key", "2"), ("results.1.state", "Undeliverable"), ("results.2.outcome", "failed"))),
        new("a batch that does not wait", [], new ApplyEntries("atomic", new PutEntry("vlans", "1", "down0")), Done(("waitSatisfied", null), ("unsatisfied.count", "0"))),
        new("a batch that deletes alone has nothing to wait for", [new PutEntry("vlans", "9", "down0")],
            new ApplyEntries("atomic", new DeleteEntry("vlans", "9")) { Wait = "Forwarding" }, Done(("waitSatisfied", "true"))),
        new("a table that waits", [new PutEntry("vlans", "9", "down0")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "1", "veth-b")) { Wait = "Forwarding" }, Done(("waitSatisfied", "true"), ("deleted", "1"), ("unsatisfied.count", "0"))),
        new("a table that waits for its scope alone", [new PutEntry("vlans", "9", "down0", Owner: "other")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "1", "veth-b")) { Owner = "me", Wait = "Forwarding" }, Done(("waitSatisfied", "true"))),
        new("a table that waits for an entry that does not forward", [],
            new ReplaceEntries("vlans", new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "down0")) { Wait = "Forwarding", Timeout = "0s" },
            Done(("created", "2"), ("waitSatisfied", "false"), ("unsatisfied.count", "1"), ("unsatisfied.0.devmap", "vlans"), ("unsatisfied.0.key", "2"),
                ("notForwarding.count", "1"), ("notForwarding.0.key", "2"), ("truncated", "false"))),
        new("a table without entries has nothing to wait for", [], new ReplaceEntries("vlans") { Wait = "Forwarding" }, Done(("waitSatisfied", "true"))),
        new("a plan that would wait", [], new ReplaceEntries("vlans") { Wait = "Forwarding", DryRun = true }, Invalid("wait")),
        new("a wait for entries that forward", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("routes", "10.0.0.7", "veth-b")],
            new WaitEntries(null) { Revision = 3 }, Done(("waitSatisfied", "true"), ("revision", "3"), ("selected", "2"), ("unsatisfied.count", "0"))),
        new("a wait for entries that do not forward", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "down0")],
            new WaitEntries("0s") { State = "Forwarding" },
            Done(("waitSatisfied", "false"), ("selected", "2"), ("unsatisfied.count", "1"), ("unsatisfied.0.key", "2"), ("unsatisfied.0.condition.type", "InterfaceUp"))),
        new("a wait for entries by devmap, label and owner",
            [
                new PutEntry("vlans", "1", "veth-b", Labels: Labels(("pod", "a")), Owner: "me"), new PutEntry("vlans", "2", "down0", Owner: "me"),
                new PutEntry("vlans", "3", "down0", Labels: Labels(("pod", "a"))), new PutEntry("narrow", "1", "down0", Labels: Labels(("pod", "a")), Owner: "me"),
            ],
            new WaitEntries("0s", "vlans", "routes") { Labels = ["pod=a"], Owner = "me" }, Done(("waitSatisfied", "true"), ("selected", "1"))),
        new("a wait for no entry is not satisfied", [], new WaitEntries("0s"), Done(("waitSatisfied", "false"), ("selected", "0"), ("unsatisfied.count", "0"))),
        new("a wait for a revision that has not been", [new PutEntry("vlans", "1", "veth-b")],
            new WaitEntries("0s") { Revision = 77 }, Done(("waitSatisfied", "false"), ("revision", "2"), ("selected", "1"), ("unsatisfied.count", "0"))),
        new("a wait with arguments that cannot be", [],
            new WaitEntries("300.1s") { Labels = ["pod"], Owner = "a b", Revision = -1, State = "Failed" }, Invalid("timeout", "label", "owner", "revision", "state")),
        new("a wait for a devmap that does not exist", [], new WaitEntries("0s", "vlans", "never"), new Expected.Failure(ErrorCode.DevmapNotFound) { Remedy = true }),
        new("a wait while the daemon stops", [], new WaitEntries(null), new Expected.Failure(ErrorCode.ShuttingDown)) { Between = ScenarioEvent.DaemonStopping },
    ];
}
