using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

public static partial class ScenarioTable
{
    // A devmap begins at revision 1.
    private static IEnumerable<Scenario> Owners =>
    [
        new("an entry has an owner", [],
            new PutEntry("default", "veth-a", "veth-b", Owner: "cni:node/1"), Created(("spec.owner", "cni:node/1"))),
        new("an entry has no owner unless told", [],
            new PutEntry("default", "veth-a", "veth-b"), Created(("spec.owner", null))),
        new("an owner that cannot be", [], new PutEntry("default", "veth-a", "veth-b", Owner: "no owner"), Invalid("owner")),
        new("a write that omits the owner clears it", [new PutEntry("default", "veth-a", "veth-b", Owner: "cni")],
            new PutEntry("default", "veth-a", "veth-b"), Changed(("spec.owner", null))),
        new("a list by owner", [new PutEntry("vlans", "1", "veth-b", Owner: "cni"), new PutEntry("vlans", "2", "veth-b")],
            new ListEntries("vlans", Owner: "cni"), Done(("entries.count", "1"), ("entries.0.key", "1"))),
        new("a list by an owner that cannot be", [], new ListEntries("vlans", Owner: "no owner"), Invalid("owner")),
        new("an attachment has labels and an owner", [],
            new PutAttachment("default", "veth-a", "native", Labels(("rack", "7")), "me"), Created(("spec.labels.rack", "7"), ("spec.owner", "me"))),
        new("labels of an attachment change while the program runs", [new PutAttachment("default", "veth-a", "native")],
            new PutAttachment("default", "veth-a", "native", Labels(("rack", "7"))),
            Changed(("spec.labels.rack", "7"), ("revision", "3"), ("status.state", "Attached"))),
        new("an attachment with a label and an owner that cannot be", [],
            new PutAttachment("default", "veth-a", "native", Labels(("no name", "7")), "no owner"), Invalid("labels.no name", "owner")),
        new("a program has labels and an owner", [],
            new PutProgram("seen", "count", Labels: Labels(("use", "meter")), Owner: "me"), Created(("spec.labels.use", "meter"), ("spec.owner", "me"))),
        new("labels of a program in use change", [new PutProgram("seen", "count"), new PutEntry("default", "veth-a", "veth-b", "seen")],
            new PutProgram("seen", "count", Labels: Labels(("use", "meter"))), Changed(("spec.labels.use", "meter"), ("status.entries", "1"))),
        new("a program with a label and an owner that cannot be", [],
            new PutProgram("seen", "count", Labels: Labels(("no name", "7")), Owner: "no owner"), Invalid("labels.no name", "owner")),
    ];

    private static IEnumerable<Scenario> Batches =>
    [
        new("an atomic batch changes entries of several devmaps under one revision", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-b")],
            new ApplyEntries("atomic", new PutEntry("vlans", "1", "veth-a"), new DeleteEntry("vlans", "2"), new PutEntry("routes", "10.0.0.7", "veth-b") { ExpectedRevision = 0 }),
            Done(("revision", "4"), ("results.count", "3"), ("results.0.outcome", "changed"), ("results.0.revision", "4"), ("results.0.state", "Forwarding"),
                ("results.1.outcome", "deleted"), ("results.1.revision", "4"), ("results.1.state", null), ("results.2.outcome", "created"), ("results.2.revision", "4"))),
        new("an atomic batch names all items that are refused", [new PutEntry("vlans", "1", "veth-b")],
            new ApplyEntries("atomic", new PutEntry("vlans", "2", "never0"), new PutEntry("vlans", "3", "veth-b"), new PutEntry("vlans", "4", "gone0")),
            new Expected.Failure(ErrorCode.InterfaceNotFound, "items[0].put.spec.interface", "items[2].put.spec.interface")),
        new("an atomic batch with invalid items", [],
            new ApplyEntries("atomic", new PutEntry("vlans", "x", "a b", EgressProgram: "A B"), new DeleteEntry("vlans", "1") { ExpectedRevision = 0 }),
            Invalid("items[0].put.key", "items[0].put.spec.interface", "items[0].put.spec.egressProgram", "items[1].delete.expectedRevision")),
        new("an atomic batch on a revision that is another", [new PutEntry("vlans", "1", "veth-b")],
            new ApplyEntries("atomic", new PutEntry("vlans", "1", "veth-a") { ExpectedRevision = 77 }),
            new Expected.Failure(ErrorCode.RevisionMismatch, "items[0].put")),
        new("an independent batch has a result for each item", [new PutEntry("vlans", "1", "veth-b")],
            new ApplyEntries("independent", new PutEntry("vlans", "1", "veth-b"), new DeleteEntry("vlans", "9"), new PutEntry("vlans", "2", "veth-b", EgressProgram: "A B")),
            Done(("results.0.outcome", "unchanged"), ("results.0.revision", "2"), ("results.1.outcome", "failed"), ("results.1.error.code", "entry_not_found"),
                ("results.1.error.resource", "devmaps/vlans/entries/9"), ("results.1.error.errors.count", "0"), ("results.2.error.code", "invalid_argument"),
                ("results.2.error.errors.count", "1"))),
        new("an entry that a batch writes twice", [],
            new ApplyEntries("atomic", new PutEntry("vlans", "1", "veth-b"), new DeleteEntry("vlans", "1")), Invalid("items[1].delete.key")),
        new("a repeat of a batch gets the first answer", [new ApplyEntries("atomic", new PutEntry("vlans", "1", "veth-b")) { IdempotencyKey = "sync-1" }, new DeleteEntry("vlans", "1")],
            new ApplyEntries("atomic", new PutEntry("vlans", "1", "veth-b")) { IdempotencyKey = "sync-1" },
            Done(("revision", "2"), ("results.0.outcome", "created"), ("results.0.revision", "2"), ("results.0.state", null))),
        new("another batch under the key of one before", [new ApplyEntries("independent", new PutEntry("vlans", "1", "veth-b")) { IdempotencyKey = "sync-1" }],
            new ApplyEntries("independent", new PutEntry("vlans", "1", "veth-a")) { IdempotencyKey = "sync-1" }, new Expected.Failure(ErrorCode.IdempotencyKeyReused) { Remedy = true }),
        new("a batch under a key that cannot be", [], new ApplyEntries("atomic", new PutEntry("vlans", "1", "veth-b")) { IdempotencyKey = "a b" }, Invalid("idempotencyKey")),
        new("a batch without items", [], new ApplyEntries("independent"), Invalid("items")),
        new("a batch without a mode", [], new ApplyEntries(null, new PutEntry("vlans", "1", "veth-b")), Invalid("mode")),
    ];

    private static IEnumerable<Scenario> Tables =>
    [
        new("a table writes the difference under one revision", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-b"), new PutEntry("vlans", "3", "veth-b")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "1", "veth-a"), new PutEntry("vlans", "2", "veth-b"), new PutEntry("vlans", "4", "veth-b")),
            Done(("revision", "5"), ("created", "1"), ("changed", "1"), ("deleted", "1"), ("unchanged", "1"), ("notForwarding.count", "0"), ("plan.count", "0"),
                ("truncated", "false"), ("error", null))),
        new("a table of an owner leaves the entries of others", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-b", Owner: "me")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "3", "veth-a")) { Owner = "me" },
            Done(("created", "1"), ("changed", "0"), ("deleted", "1"), ("unchanged", "0"))),
        new("a table of labels leaves the entries of others", [new PutEntry("vlans", "1", "veth-b", Labels: Labels(("pod", "a"))), new PutEntry("vlans", "2", "veth-b", Labels: Labels(("pod", "b")))],
            new ReplaceEntries("vlans") { Labels = ["pod=b"] }, Done(("created", "0"), ("deleted", "1"), ("unchanged", "0"))),
        new("a table has a plan", [new PutEntry("vlans", "1", "veth-b", Owner: "me"), new PutEntry("vlans", "2", "veth-b", Owner: "me")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "2", "veth-a"), new PutEntry("vlans", "3", "gone0")) { Owner = "me", DryRun = true, AllowPending = true },
            Done(("revision", "3"), ("created", "1"), ("changed", "1"), ("deleted", "1"), ("plan.count", "3"), ("plan.0.key", "1"), ("plan.0.action", "delete"), ("plan.0.state", null),
                ("plan.0.before.interface", "veth-b"), ("plan.0.spec", null), ("plan.0.packets", "0"), ("plan.1.action", "change"), ("plan.1.state", "Forwarding"),
                ("plan.1.condition", null), ("plan.1.before.interface", "veth-b"), ("plan.1.spec.interface", "veth-a"), ("plan.1.spec.owner", "me"), ("plan.2.key", "3"),
                ("plan.2.action", "create"), ("plan.2.state", "Pending"), ("plan.2.condition.type", "InterfacePresent"), ("plan.2.before", null))),
        new("a plan has the reason why its call would be refused", [new PutEntry("vlans", "1", "veth-b", Owner: "other")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "1", "veth-a")) { Owner = "me", DryRun = true },
            Done(("changed", "1"), ("error.code", "owned_by_other"), ("error.resource", "devmaps/vlans/entries/1"), ("error.errors.0.field", "entries[0]"))),
        new("a table would change an entry of another owner", [new PutEntry("vlans", "1", "veth-b", Owner: "other")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "2", "veth-b"), new PutEntry("vlans", "1", "veth-a")) { Owner = "me" },
            new Expected.Failure(ErrorCode.OwnedByOther, "entries[1]") { Remedy = true }),
        new("a table takes an entry of another owner over by force", [new PutEntry("vlans", "1", "veth-b", Owner: "other")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "1", "veth-b")) { Owner = "me", Force = true }, Done(("changed", "1"))),
        new("a table would delete an entry that somebody owns", [new PutEntry("vlans", "1", "veth-b", Owner: "other")],
            new ReplaceEntries("vlans"), new Expected.Failure(ErrorCode.OwnedByOther, "entries") { Remedy = true }),
        new("a table would delete more than it may", [new PutEntry("vlans", "1", "veth-b")],
            new ReplaceEntries("vlans") { AllowDeletions = 0 }, new Expected.Failure(ErrorCode.TooManyDeletions, "entries") { Remedy = true }),
        new("a table on a revision that is another", [new PutEntry("vlans", "1", "veth-b")],
            new ReplaceEntries("vlans", new PutEntry("vlans", "1", "veth-b") { ExpectedRevision = 77 }), new Expected.Failure(ErrorCode.RevisionMismatch, "entries[0]")),
        new("a table with invalid entries", [],
            new ReplaceEntries("vlans", new PutEntry("vlans", "x", "a b", EgressProgram: "A B"), new PutEntry("vlans", "2", "veth-b", Owner: "other")) { Owner = "me" },
            Invalid("entries[0].key", "entries[0].spec.interface", "entries[0].spec.egressProgram", "entries[1].spec.owner")),
        new("a table names all entries that are refused", [],
            new ReplaceEntries("vlans", new PutEntry("vlans", "2", "never0"), new PutEntry("vlans", "3", "veth-b"), new PutEntry("vlans", "4", "gone0")),
            new Expected.Failure(ErrorCode.InterfaceNotFound, "entries[0].spec.interface", "entries[2].spec.interface")),
        new("an entry that a table names twice", [],
            new ReplaceEntries("vlans", new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "1", "veth-a")), Invalid("entries[1].key")),
        new("a table of a scope that cannot be", [],
            new ReplaceEntries("vlans") { Owner = "a b", Labels = ["pod"], AllowDeletions = -1 }, Invalid("owner", "label", "allowDeletions")),
        new("a table of a devmap that does not exist", [], new ReplaceEntries("never"), new Expected.Failure(ErrorCode.DevmapNotFound) { Remedy = true }),
    ];

    private static IEnumerable<Scenario> Views =>
    [
        new("the basic view has state, kernel key and ifindex", [new PutEntry("default", "veth-a", "veth-b", Labels: Labels(("pod", "web")))],
            new ListEntries("default", View: "basic"),
            Done(("entries.0.key", "veth-a"), ("entries.0.revision", "2"), ("entries.0.spec.labels.pod", "web"), ("entries.0.status.state", "Forwarding"),
                ("entries.0.status.kernelKey", "2"), ("entries.0.status.ifindex", "3"), ("entries.0.status.packets", null),
                ("entries.0.status.conditions.0.type", null))),
        new("the full view has conditions", [new PutEntry("default", "veth-a", "veth-b")],
            new ListEntries("default", View: "full"), Done(("entries.0.status.packets", "0"), ("entries.0.status.conditions.0.type", "InKernel"))),
        new("a view that is none", [], new ListEntries("default", View: "half"), Invalid("view")),
        new("counters are listed by key", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-a")],
            new ListCounters("vlans"),
            Done(("counters.count", "2"), ("counters.0.key", "1"), ("counters.0.packets", "0"), ("counters.0.bytes", "0"), ("counters.0.drops", "0"),
                ("nextPageToken", null), ("revision", "3"))),
        new("counters are listed page by page", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-b")],
            new ListCounters("vlans", PageSize: 1), Done(("counters.count", "1"), ("counters.0.key", "1"))),
        new("counters by interface", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-a")],
            new ListCounters("vlans", Interface: "veth-a"), Done(("counters.count", "1"), ("counters.0.key", "2"))),
        new("counters have drops", [new PutEntry("default", "veth-a", "veth-b")],
            new ListCounters("default"), Done(("counters.0.key", "veth-a"), ("counters.0.drops", "3")))
            { Between = ScenarioEvent.FramesDropped },
        new("counters of an unknown devmap", [], new ListCounters("nowhere"), new Expected.Failure(ErrorCode.DevmapNotFound)),
        new("counters by a wrong query", [], new ListCounters("vlans", PageSize: 0, Owner: "no owner"), Invalid("pageSize", "owner")),
    ];

    private static IEnumerable<Scenario> MissingInterfaces =>
    [
        new("an attachment to an interface to come is pending when that is allowed", [],
            new PutAttachment("default", "veth-z", "native", AllowPending: true), Created(("status.state", "Pending"), ("status.ifindex", null))),
        new("a pending attachment attaches when its interface appears", [new PutAttachment("default", "late0", "native", AllowPending: true)],
            new PutAttachment("default", "late0", "native"), Changed(("revision", "2"), ("status.state", "Attached")))
            { Between = ScenarioEvent.Late0Added },
        new("an attachment that is stored is written again without its interface", [new PutAttachment("vlans", "veth-b", "native")],
            new PutAttachment("vlans", "veth-b", "native"), Changed(("revision", "2")))
            { Between = ScenarioEvent.VethBRemoved },
        new("an entry that is stored is written again without its interface", [new PutEntry("vlans", "100", "veth-b")],
            new PutEntry("vlans", "100", "veth-b"), Changed(("revision", "2"), ("status.state", "Pending")))
            { Between = ScenarioEvent.VethBRemoved },
        new("an entry that is changed needs its interface", [new PutEntry("vlans", "100", "veth-b")],
            new PutEntry("vlans", "100", "veth-b", Owner: "me"), new Expected.Failure(ErrorCode.InterfaceNotFound, "interface") { Remedy = true })
            { Between = ScenarioEvent.VethBRemoved },
    ];

    private static IEnumerable<Scenario> InterfaceRevisions =>
    [
        new("an interface without entries has revision 0", [], new GetInterface("veth-b"), Done(("revision", "0"))),
        new("an interface has the highest revision of its entries", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-b"), new PutEntry("vlans", "3", "veth-a")],
            new GetInterface("veth-b"), Done(("revision", "3"))),
        new("a program for an interface at the expected revision", [new PutProgram("seen", "count"), new PutEntry("vlans", "1", "veth-b")],
            new SetEgressProgram("veth-b", "seen") { ExpectedRevision = 3 }, Done(("changed", "1"), ("revision", "4"))),
        new("a program for an interface at another revision", [new PutProgram("seen", "count"), new PutEntry("vlans", "1", "veth-b")],
            new SetEgressProgram("veth-b", "seen") { ExpectedRevision = 2 }, new Expected.Failure(ErrorCode.RevisionMismatch) { Remedy = true }),
    ];
}
