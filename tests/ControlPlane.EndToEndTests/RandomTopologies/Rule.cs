using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>
/// One rule by which the daemon says that an entry is not Forwarding. A test switches it off: it leaves the conditions of the rule out of its
/// account. The traffic must then disagree, or the rule serves nothing.
/// </summary>
/// <param name="Name">The name.</param>
/// <param name="Covers">Whether a condition follows from the rule.</param>
internal sealed record Rule(string Name, Func<Condition, bool> Covers)
{
    /// <summary>All rules that random topologies meet.</summary>
    public static IReadOnlyList<Rule> All { get; } =
    [
        new("target down", c => c is { Type: "InterfaceUp" } or { Type: "CarrierPresent", Reason: "AdministrativelyDown" }),
        new("peer down", c => c is { Type: "CarrierPresent", Reason: "PeerDown" }),
        new("no carrier", c => c is { Type: "CarrierPresent", Reason: "NoCarrier" }),
        new("peer without XDP", c => c is { Type: "TargetAcceptsRedirect", Reason: "PeerWithoutXdp" }),
        new("driver without redirect", c => c is { Type: "TargetAcceptsRedirect", Reason: "NoNdoXmit" }),
        new("kind does not send", c => c is { Type: "TargetAcceptsRedirect", Reason: "KindDoesNotSend" }),
        new("MTU of the target", c => c is { Type: "MtuSufficient", Reason: "IngressMtuLarger" } && !IsOfSecondTag(c)),
        new("MTU of the peer", c => c is { Type: "MtuSufficient", Reason: "PeerMtuSmaller" } && !IsOfSecondTag(c)),
        new("second tag", c => c is { Type: "MtuSufficient" } && IsOfSecondTag(c)),
        new("checksums lost", c => c is { Type: "IngressKeepsFrames", Reason: "ChecksumsLost" }),
        new("segments lost", c => c is { Type: "IngressKeepsFrames", Reason: "SegmentsLost" }),
        new("tags lost", c => c is { Type: "IngressKeepsFrames", Reason: "TagsLost" }),
        new("egress program drops", c => c is { Type: "EgressProgramPasses" }),
        new("egress program in tcx mode", c => c is { Type: "EgressProgramApplies" }),
        new("actions never apply", c => c is { Type: "ActionsApply" }),
        new("interface missing", c => c is { Type: "InterfacePresent" }),
    ];

    /// <summary>Returns the rule of this name, in which a hyphen may stand for a space.</summary>
    public static Rule Named(string name) => All.Single(r => r.Name == name.Replace('-', ' '));

    public override string ToString() => Name;

    private static bool IsOfSecondTag(Condition condition) => condition.Message.Contains("second VLAN tag", StringComparison.Ordinal);
}
