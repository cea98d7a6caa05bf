using ControlPlane.Core.Errors;
using static ControlPlane.FunctionalTests.Scenarios.Operation;

namespace ControlPlane.FunctionalTests.Scenarios;

public static partial class ScenarioTable
{
    private static IEnumerable<Scenario> Actions =>
    [
        new("an entry has actions", [],
            With(new(SourceMac: "02:00:00:00:00:0A", DestinationMac: "02-00-00-00-00-0b", PushVlan: 100, DecrementTtl: true)),
            Created(
                ("spec.actions.sourceMac", "02:00:00:00:00:0a"), ("spec.actions.destinationMac", "02:00:00:00:00:0b"), ("spec.actions.pushVlan", "100"),
                ("spec.actions.setVlan", null), ("spec.actions.decrementTtl", "true"), ("status.state", "Forwarding"), ("status.expired", "0"))),
        new("an entry has no actions unless told", [], new PutEntry("vlans", "7", "veth-b"), Created(("spec.actions", null))),
        new("actions of which none is set are none", [], With(new(PopVlan: false)), Created(("spec.actions", null))),
        new("a write that omits the actions clears them", [With(new(PushVlan: 100))],
            new PutEntry("vlans", "7", "veth-b"), Changed(("spec.actions", null), ("revision", "3"))),
        new("the same actions change nothing", [With(new(SetVlan: 8))], With(new(SetVlan: 8)), Changed(("spec.actions.setVlan", "8"), ("revision", "2"))),
        new("addresses that cannot be", [], With(new(SourceMac: "01:00:00:00:00:01", DestinationMac: "02:00")), Invalid("actions.destinationMac", "actions.sourceMac")),
        new("addresses of zeros", [], With(new("00:00:00:00:00:00", "00:00:00:00:00:00")), Invalid("actions.sourceMac", "actions.destinationMac")),
        new("VLAN ids that cannot be", [], With(new(SetVlan: 0)), Invalid("actions.setVlan")),
        new("a reserved VLAN id", [], With(new(PushVlan: 4095)), Invalid("actions.pushVlan")),
        new("a VLAN id beyond 16 bits", [], With(new(PushVlan: 65636)), Invalid("actions.pushVlan")),
        new("two actions on the tag", [], With(new(SetVlan: 1, PopVlan: true)), Invalid("actions")),
        new("wrong actions and a wrong interface", [], new PutEntry("vlans", "7", "a b") { Actions = new(SetVlan: 0) }, Invalid("interface", "actions.setVlan")),
        new("actions that no frame of the key can have", [], new PutEntry("vlans", "0", "veth-b") { Actions = new(PopVlan: true) },
            Created(("status.state", "Undeliverable"))),
        new("a batch with actions", [], new ApplyEntries("atomic", With(new(PushVlan: 100))), Done(("results.0.outcome", "created"), ("results.0.state", "Forwarding"))),
        new("a batch with wrong actions", [], new ApplyEntries("atomic", With(new(SourceMac: "x", SetVlan: 1, PushVlan: 4095))),
            new Expected.Failure(ErrorCode.InvalidArgument, "items[0].put.spec.actions.sourceMac")),
        new("a batch with actions that exclude each other", [], new ApplyEntries("atomic", With(new(SetVlan: 1, PushVlan: 4095))),
            Invalid("items[0].put.spec.actions.pushVlan", "items[0].put.spec.actions")),
        new("a repeat of a batch with other actions", [new ApplyEntries("atomic", With(new(PushVlan: 100))) { IdempotencyKey = "sync-1" }],
            new ApplyEntries("atomic", With(new(PushVlan: 101))) { IdempotencyKey = "sync-1" },
            new Expected.Failure(ErrorCode.IdempotencyKeyReused)),
        new("an explanation shows what actions make of a frame",
            [new PutAttachment("vlans", "veth-a", "native"), With(new(DestinationMac: "02:00:00:00:00:0b", SetVlan: 8, DecrementTtl: true))],
            new Explain("vlans", Ingress: "veth-a", Vlan: 7, Destination: "10.0.0.7", Length: 1000),
            Done(("verdict.outcome", "leaves"), ("verdict.leaving.vlan", "8"), ("verdict.leaving.destinationMac", "02:00:00:00:00:0b"), ("verdict.leaving.bytes", "1018"))),
        new("an explanation of a packet whose TTL runs out", [new PutAttachment("vlans", "veth-a", "native"), With(new(DecrementTtl: true))],
            new Explain("vlans", Ingress: "veth-a", Vlan: 7, Destination: "10.0.0.7", Ttl: 1), Done(("verdict.outcome", "passed"), ("verdict.reason", "Expired"))),
        new("an explanation of a frame without the tag that an action needs",
            [new PutAttachment("vlans", "veth-a", "native"), new PutEntry("vlans", "0", "veth-b") { Actions = new(PopVlan: true) }],
            new Explain("vlans", Ingress: "veth-a"), Done(("verdict.outcome", "dropped"), ("verdict.reason", "ActionFailed"))),
    ];

    private static PutEntry With(EntryActions actions) => new("vlans", "7", "veth-b") { Actions = actions };
}
