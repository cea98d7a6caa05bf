using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

public static partial class ScenarioTable
{
    private static IEnumerable<Scenario> Entries =>
    [
        new("a new entry is created and forwards", [],
            new PutEntry("default", "veth-a", "veth-b", Labels: Labels(("owner", "cni"))),
            Created(("devmap", "default"), ("key", "veth-a"), ("kernelKey", "2"), ("interface", "veth-b"), ("egressProgram", null),
                ("labels.owner", "cni"), ("status.state", "Forwarding"), ("status.ifindex", "3"))),
        new("the same entry again changes nothing", [new PutEntry("default", "veth-a", "veth-b")],
            new PutEntry("default", "veth-a", "veth-b"), Changed(("interface", "veth-b"))),
        new("an entry is pointed at another interface", [new PutEntry("default", "veth-a", "veth-b")],
            new PutEntry("default", "veth-a", "eth0.100"), Changed(("interface", "eth0.100"), ("status.ifindex", "4"))),
        new("an entry is read back", [new PutEntry("default", "veth-a", "veth-b")],
            new GetEntry("default", "veth-a"), Done(("key", "veth-a"), ("interface", "veth-b"), ("status.packets", "0"))),
        new("an entry is found by the number of its key", [new PutEntry("default", "veth-a", "veth-b")],
            new GetEntry("default", "2"), Done(("kernelKey", "2"), ("interface", "veth-b"))),
        new("an address is a key in host byte order", [],
            new PutEntry("routes", "10.0.0.7", "veth-b"), Created(("key", "10.0.0.7"), ("kernelKey", "167772167"))),
        new("a number is answered as the address it is", [],
            new PutEntry("routes", "167772167", "veth-b"), Created(("key", "10.0.0.7"))),
        new("a vlan is a key", [],
            new PutEntry("vlans", "100", "veth-b"), Created(("key", "100"), ("kernelKey", "100"))),
        new("a key may name an interface with a dot", [],
            new PutEntry("default", "eth0.100", "veth-b"), Created(("key", "eth0.100"), ("kernelKey", "4"))),
        new("a key may name an interface with letters beyond ASCII", [],
            new PutEntry("default", "zürich0", "veth-b"), Created(("key", "zürich0"), ("kernelKey", "6"))),
        new("an interface whose name is a number is written if:", [],
            new PutEntry("default", "if:7", "veth-b"), Created(("key", "if:7"), ("kernelKey", "5"))),
        new("an entry is deleted", [new PutEntry("default", "veth-a", "veth-b")],
            new DeleteEntry("default", "veth-a"), Done()),
        new("a deleted entry is gone", [new PutEntry("default", "veth-a", "veth-b"), new DeleteEntry("default", "veth-a")],
            new GetEntry("default", "veth-a"), new Expected.Failure(ErrorCode.EntryNotFound)),
        new("an entry to an interface that is down is undeliverable", [],
            new PutEntry("default", "veth-a", "down0"), Created(("status.state", "Undeliverable"))),
        new("an entry to a driver that takes no redirected frames is undeliverable", [],
            new PutEntry("default", "veth-a", "mute0"), Created(("status.state", "Undeliverable"))),
        new("an entry to an interface to come is pending when that is allowed", [],
            new PutEntry("default", "veth-a", "veth-z", AllowPending: true), Created(("status.state", "Pending"), ("status.ifindex", null))),
        new("an entry whose key names an interface to come is pending when that is allowed", [],
            new PutEntry("default", "veth-z", "veth-b", AllowPending: true), Created(("status.state", "Pending"), ("kernelKey", null))),
        new("an entry is pending when its interface has vanished", [new PutEntry("vlans", "100", "veth-b")],
            new GetEntry("vlans", "100"), Done(("status.state", "Pending"), ("interface", "veth-b")))
            { Between = Happening.VethBVanishes },
        new("an entry carries an egress program", [new PutProgram("seen", "count")],
            new PutEntry("default", "veth-a", "veth-b", "seen"), Created(("egressProgram", "seen"), ("status.state", "Forwarding"))),
    ];

    private static IEnumerable<Scenario> EntryFaults =>
    [
        new("an entry in an unknown devmap", [],
            new PutEntry("nowhere", "veth-a", "veth-b"), new Expected.Failure(ErrorCode.DevmapNotFound)),
        new("an unknown entry", [],
            new GetEntry("default", "veth-a"), new Expected.Failure(ErrorCode.EntryNotFound)),
        new("an unknown entry is not deleted", [],
            new DeleteEntry("default", "veth-a"), new Expected.Failure(ErrorCode.EntryNotFound)),
        new("an entry of an unknown devmap", [],
            new GetEntry("nowhere", "veth-a"), new Expected.Failure(ErrorCode.DevmapNotFound)),
        new("an entry without an interface", [],
            new PutEntry("default", "veth-a", null), Invalid("interface")),
        new("an interface name that no interface can have", [],
            new PutEntry("default", "veth-a", "a name with spaces"), Invalid("interface")),
        new("a key that no interface can have", [],
            new PutEntry("default", "no such:key", "veth-b"), Invalid("key")),
        new("a key beyond 32 bits", [],
            new PutEntry("vlans", "4294967296", "veth-b"), Invalid("key")),
        new("a key that is no VLAN id", [],
            new PutEntry("vlans", "trunk", "veth-b"), Invalid("key")),
        new("a key that is no address", [],
            new PutEntry("routes", "10.0.0.256", "veth-b"), Invalid("key")),
        new("a key that is wrong on reading", [],
            new GetEntry("routes", "10.0.0.256"), Invalid("key")),
        new("a key that is wrong on deleting", [],
            new DeleteEntry("routes", "10.0.0.256"), Invalid("key")),
        new("key and interface are wrong at once", [],
            new PutEntry("routes", "10.0.0.256", "a/b"), Invalid("key", "interface")),
        new("an unknown interface", [],
            new PutEntry("default", "veth-a", "veth-z"), new Expected.Failure(ErrorCode.InterfaceNotFound, "interface") { Remedy = true }),
        new("a key that names an unknown interface", [],
            new PutEntry("default", "veth-z", "veth-b"), new Expected.Failure(ErrorCode.InterfaceNotFound, "key") { Remedy = true }),
        new("an unknown egress program", [],
            new PutEntry("default", "veth-a", "veth-b", "nothing"), new Expected.Failure(ErrorCode.ProgramNotFound, "egressProgram")),
        new("an egress program in a devmap with 4-byte values", [new PutProgram("seen", "count")],
            new PutEntry("narrow", "100", "veth-b", "seen"), Invalid("egressProgram")),
    ];

    private static IEnumerable<Scenario> EntryConflicts =>
    [
        new("two egress programs for one device", [new PutProgram("seen", "count"), new PutEntry("default", "veth-a", "veth-b")],
            new PutEntry("vlans", "100", "veth-b", "seen"),
            new Expected.Failure(ErrorCode.EgressProgramConflict, "egressProgram") { Remedy = true }),
        new("a name that comes to the kernel key of a number", [new PutEntry("default", "11", "veth-b")],
            new PutEntry("default", "late0", "veth-b"), new Expected.Failure(ErrorCode.KeyConflict, "key") { Remedy = true })
            { Between = Happening.Late0Appears },
        new("a full devmap", [new PutEntry("tiny", "1", "veth-b"), new PutEntry("tiny", "2", "veth-b")],
            new PutEntry("tiny", "3", "veth-b"), new Expected.Failure(ErrorCode.DevmapFull)),
        new("a full devmap takes changes", [new PutEntry("tiny", "1", "veth-b"), new PutEntry("tiny", "2", "veth-b")],
            new PutEntry("tiny", "2", "eth0.100"), Changed(("interface", "eth0.100"))),
        new("a daemon that stops takes no writes", [],
            new PutEntry("default", "veth-a", "veth-b"), new Expected.Failure(ErrorCode.ShuttingDown))
            { Between = Happening.DaemonStops },
    ];

    private static IEnumerable<Scenario> Lists =>
    [
        new("an empty list", [], new ListEntries("default"), Done(("entries.count", "0"), ("nextPageToken", null))),
        new("a list has all entries", [new PutEntry("default", "veth-a", "veth-b"), new PutEntry("default", "veth-b", "veth-a")],
            new ListEntries("default"), Done(("entries.count", "2"), ("nextPageToken", null))),
        new("a page has as many entries as asked", [new PutEntry("vlans", "1", "veth-b"), new PutEntry("vlans", "2", "veth-b")],
            new ListEntries("vlans", PageSize: 1), Done(("entries.count", "1"))),
        new("a list by interface", [new PutEntry("vlans", "1", "veth-a"), new PutEntry("vlans", "2", "veth-b")],
            new ListEntries("vlans", Interface: "veth-b"), Done(("entries.count", "1"), ("entries.0.key", "2"))),
        new("a list by egress program", [new PutProgram("seen", "count"), new PutEntry("vlans", "1", "veth-a", "seen"), new PutEntry("vlans", "2", "veth-b")],
            new ListEntries("vlans", EgressProgram: "seen"), Done(("entries.count", "1"), ("entries.0.key", "1"))),
        new("a list by state", [new PutEntry("vlans", "1", "down0"), new PutEntry("vlans", "2", "veth-b")],
            new ListEntries("vlans", State: "Undeliverable"), Done(("entries.count", "1"), ("entries.0.key", "1"))),
        new("a list by labels", [new PutEntry("vlans", "1", "veth-b", Labels: Labels(("a", "1"), ("b", "2"))), new PutEntry("vlans", "2", "veth-b", Labels: Labels(("a", "1")))],
            new ListEntries("vlans", Labels: ["a=1", "b=2"]), Done(("entries.count", "1"), ("entries.0.key", "1"))),
        new("a list of an unknown devmap", [], new ListEntries("nowhere"), new Expected.Failure(ErrorCode.DevmapNotFound)),
        new("a page of nothing", [], new ListEntries("default", PageSize: 0), Invalid("pageSize")),
        new("a page that is too large", [], new ListEntries("default", PageSize: 10_001), Invalid("pageSize")),
        new("a page token of nobody", [], new ListEntries("default", PageToken: "xyz"), Invalid("pageToken")),
        new("page size and page token are wrong at once", [],
            new ListEntries("default", PageSize: -1, PageToken: "xyz"), Invalid("pageSize", "pageToken")),
    ];
}
