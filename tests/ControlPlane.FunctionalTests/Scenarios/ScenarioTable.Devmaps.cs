using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>Devmaps by the API, and the state as a whole.</summary>
public static partial class ScenarioTable
{
    private static Expected ReadOnly => new Expected.Failure(ErrorCode.DevmapReadOnly) { Remedy = true };

    private static IEnumerable<Scenario> Devmaps =>
    [
        new("a new devmap", [], new PutDevmap("blue", 16, KeySelector: "vlan") { MissAction = "drop", Counters = false, Labels = Labels(("node", "a")), Owner = "me" },
            Created(("name", "blue"), ("spec.maxEntries", "16"), ("spec.valueSize", "8"), ("spec.counters", "false"), ("spec.owner", "me"), ("spec.labels.node", "a"), ("status.entries", "0"))),
        new("a devmap by its defaults", [], new PutDevmap("blue"), Created(("spec.maxEntries", "65536"), ("spec.valueSize", "8"), ("spec.counters", "true"))),
        new("a devmap that is there already", [new PutDevmap("blue")], new PutDevmap("blue"), Changed(("specRevision", "2"))),
        new("a devmap changes its settings", [new PutDevmap("blue"), new PutEntry("blue", "veth-a", "veth-b")], new PutDevmap("blue") { MissAction = "drop", Counters = false },
            Changed(("spec.counters", "false"), ("status.entries", "1"), ("specRevision", "4"))),
        new("a devmap that cannot be", [], new PutDevmap("Blue", 2_000_000, 5) { NumaNode = 5_000, Owner = "no owner", Labels = Labels(("no name", "7")) },
            Invalid("devmap", "maxEntries", "valueSize", "numaNode", "owner", "labels.no name")),
        new("settings that cannot change", [new PutDevmap("blue")], new PutDevmap("blue", ValueSize: 4, KeySelector: "vlan") { NumaNode = 0 }, Invalid("valueSize", "keySelector", "numaNode")),
        new("a devmap that must not be there", [new PutDevmap("blue")], new PutDevmap("blue") { ExpectedRevision = 0 }, new Expected.Failure(ErrorCode.AlreadyExists)),
        new("a devmap on a revision that is another", [new PutDevmap("blue")], new PutDevmap("blue") { Counters = false, ExpectedRevision = 77 }, new Expected.Failure(ErrorCode.RevisionMismatch) { Remedy = true }),
        new("a devmap of another owner", [new PutDevmap("blue") { Owner = "me" }], new PutDevmap("blue") { Counters = false }, Foreign),
        new("a forced write of a devmap", [new PutDevmap("blue") { Owner = "me" }], new PutDevmap("blue") { Force = true }, Changed(("spec.owner", null))),
        new("a devmap of the configuration is not changed", [], new PutDevmap("vlans", 16, KeySelector: "vlan"), ReadOnly),
        new("a devmap of the configuration is not deleted", [], new DeleteDevmap("vlans", Force: true), ReadOnly),
        new("a devmap is deleted with its entries", [new PutDevmap("blue"), new PutEntry("blue", "veth-a", "veth-b")], new DeleteDevmap("blue"), Done()),
        new("a deleted devmap is not found", [new PutDevmap("blue"), new DeleteDevmap("blue")], new GetDevmap("blue"), new Expected.Failure(ErrorCode.DevmapNotFound) { Remedy = true }),
        new("a devmap made again is empty", [new PutDevmap("blue"), new PutEntry("blue", "veth-a", "veth-b"), new DeleteDevmap("blue"), new PutDevmap("blue")], new GetDevmap("blue"), Done(("status.entries", "0"))),
        new("a devmap that is attached is not deleted", [new PutDevmap("blue"), new PutAttachment("blue", "veth-a", "native")], new DeleteDevmap("blue"), new Expected.Failure(ErrorCode.DevmapInUse) { Remedy = true }),
        new("a devmap that is attached is deleted by force", [new PutDevmap("blue"), new PutAttachment("blue", "veth-a", "native")], new DeleteDevmap("blue", Force: true), Done()),
        new("a deletion of a devmap without its owner", [new PutDevmap("blue") { Owner = "me" }], new DeleteDevmap("blue"), Foreign),
        new("a deletion of a devmap by an owner that cannot be", [], new DeleteDevmap("blue", "no owner"), Invalid("owner")),
        new("a deletion of a devmap that does not exist", [], new DeleteDevmap("blue"), new Expected.Failure(ErrorCode.DevmapNotFound) { Remedy = true }),
        new("a change of a devmap is not undone", [new PutDevmap("blue")], new RevertChange(2), new Expected.Failure(ErrorCode.NotSupported) { Remedy = true }),
    ];

    private static IEnumerable<Scenario> States =>
    [
        new("a state is planned", [new PutDevmap("blue"), new PutEntry("blue", "veth-a", "veth-b")],
            new ApplyState([new PutDevmap("red", 16, KeySelector: "vlan")], [new PutEntry("red", "7", "veth-b")], DryRun: true),
            Done(("devmaps.created", "1"), ("devmaps.deleted", "1"), ("entries.created", "1"), ("entries.deleted", "1"), ("plan.count", "3"), ("revision", "3"))),
        new("a state is applied", [], new ApplyState([new PutDevmap("red", 16, KeySelector: "vlan")], [new PutEntry("red", "7", "veth-b"), new PutEntry("vlans", "8", "away")]),
            Done(("devmaps.created", "1"), ("entries.created", "2"), ("plan.count", "0"))),
        new("a state that would delete very much", [.. Enumerable.Range(1, 12).Select(i => new PutEntry("vlans", $"{i}", "veth-b"))],
            new ApplyState([], []), new Expected.Failure(ErrorCode.TooManyDeletions) { Remedy = true }),
        new("a state that may delete as much", [.. Enumerable.Range(1, 12).Select(i => new PutEntry("vlans", $"{i}", "veth-b"))],
            new ApplyState([], [], AllowDeletions: 12), Done(("entries.deleted", "12"))),
        new("a state that cannot be", [], new ApplyState([new PutDevmap("Red")], [new PutEntry("vlans", "x", "veth-b"), new PutEntry("nowhere", "1", "veth-b")]),
            Invalid("devmaps[0].name", "entries[0].key", "entries[1].devmap")),
        new("a state with other settings for a devmap of the configuration", [], new ApplyState([new PutDevmap("vlans", 16, KeySelector: "vlan")], []),
            new Expected.Failure(ErrorCode.DevmapReadOnly, "devmaps[0]") { Remedy = true }),
    ];
}
