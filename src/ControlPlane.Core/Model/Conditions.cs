using System.Text.Json.Serialization;
using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>One checked fact about a resource.</summary>
/// <param name="Type">The kind of fact.</param>
/// <param name="Status">Whether the fact holds.</param>
/// <param name="Reason">A stable PascalCase code for programs.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Remedy">How to make the fact hold; null when nothing needs to be done, or nothing helps.</param>
public sealed record Condition(ConditionType Type, ConditionStatus Status, string Reason, string Message, Remedy? Remedy = null)
{
    /// <summary>When the daemon saw the fact change, or when the daemon started; null for a fact of the moment, such as a dry run.</summary>
    public DateTimeOffset? LastTransitionTime { get; init; }

    /// <summary>Whether the fact holds.</summary>
    [JsonIgnore]
    public bool Holds => Status == ConditionStatus.True;
}

/// <summary>Whether a fact holds.</summary>
public enum ConditionStatus
{
    /// <summary>The fact holds.</summary>
    True,

    /// <summary>The fact does not hold.</summary>
    False,

    /// <summary>The daemon cannot see the fact on this host.</summary>
    Unknown,
}

/// <summary>The subject of a fact.</summary>
public enum ConditionSubject
{
    /// <summary>An interface, as the target of redirected frames.</summary>
    Interface,

    /// <summary>An entry.</summary>
    Entry,

    /// <summary>An attachment.</summary>
    Attachment,

    /// <summary>A devmap as a whole.</summary>
    Devmap,

    /// <summary>The host, and the daemon on it.</summary>
    Host,

    /// <summary>One frame that is explained.</summary>
    Frame,
}

/// <summary>A kind of fact: one object of an open set.</summary>
public sealed class ConditionType
{
    internal ConditionType(string name, ConditionSubject subject, bool decides = true) => (Name, Subject, Decides) = (name, subject, decides);

    /// <summary>The name in PascalCase, as the API shows it.</summary>
    public string Name { get; }

    /// <summary>The subject of the fact.</summary>
    public ConditionSubject Subject { get; }

    /// <summary>Whether the state of the resource follows from the fact; false for a fact that is reported only.</summary>
    public bool Decides { get; }

    /// <summary>Returns a condition that holds.</summary>
    public Condition True(string reason, string message) => new(this, ConditionStatus.True, reason, message);

    /// <summary>Returns a condition that does not hold.</summary>
    public Condition False(string reason, string message, Remedy? remedy = null) => new(this, ConditionStatus.False, reason, message, remedy);

    /// <summary>Returns a condition that the daemon cannot judge.</summary>
    public Condition Unknown(string reason, string message, Remedy? remedy = null) => new(this, ConditionStatus.Unknown, reason, message, remedy);

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The kinds of facts.</summary>
public static class ConditionTypes
{
    /// <summary>The interface that the key names exists.</summary>
    public static ConditionType KeyInterfacePresent { get; } = new("KeyInterfacePresent", ConditionSubject.Interface);

    /// <summary>The egress interface exists.</summary>
    public static ConditionType InterfacePresent { get; } = new("InterfacePresent", ConditionSubject.Interface);

    /// <summary>The kernel's map has the element as desired.</summary>
    public static ConditionType InKernel { get; } = new("InKernel", ConditionSubject.Entry);

    /// <summary>The egress interface is administratively up.</summary>
    public static ConditionType InterfaceUp { get; } = new("InterfaceUp", ConditionSubject.Interface);

    /// <summary>The egress interface has carrier; for a veth, its peer is up.</summary>
    public static ConditionType CarrierPresent { get; } = new("CarrierPresent", ConditionSubject.Interface);

    /// <summary>The egress interface accepts redirected frames (<c>NETDEV_XDP_ACT_NDO_XMIT</c>).</summary>
    public static ConditionType TargetAcceptsRedirect { get; } = new("TargetAcceptsRedirect", ConditionSubject.Interface);

    /// <summary>The frames of the interface have Ethernet headers. Reported only where they do not.</summary>
    public static ConditionType CarriesEthernet { get; } = new("CarriesEthernet", ConditionSubject.Interface);

    /// <summary>The MTU of the target, and of a veth's peer, is not less than the MTU of any interface that frames arrive on.</summary>
    public static ConditionType MtuSufficient { get; } = new("MtuSufficient", ConditionSubject.Interface);

    /// <summary>All entries for the device, over all devmaps, have the same egress program.</summary>
    public static ConditionType EgressProgramAgrees { get; } = new("EgressProgramAgrees", ConditionSubject.Interface);

    /// <summary>The egress program can work on frames of this device.</summary>
    public static ConditionType EgressProgramFits { get; } = new("EgressProgramFits", ConditionSubject.Entry);

    /// <summary>The egress program lets frames leave.</summary>
    public static ConditionType EgressProgramPasses { get; } = new("EgressProgramPasses", ConditionSubject.Entry);

    /// <summary>The egress program runs: it does not on frames from an ingress in tcx mode. Reported only where it does not.</summary>
    public static ConditionType EgressProgramApplies { get; } = new("EgressProgramApplies", ConditionSubject.Entry);

    /// <summary>The actions of the entry can be applied to its frames. Reported for entries with actions.</summary>
    public static ConditionType ActionsApply { get; } = new("ActionsApply", ConditionSubject.Entry);

    /// <summary>Frames that the daemon itself sent to the entry left by its target. Reported after a probe, until that lapses.</summary>
    public static ConditionType Proven { get; } = new("Proven", ConditionSubject.Entry);

    /// <summary>The devmap's key selector can produce the key.</summary>
    public static ConditionType KeyReachable { get; } = new("KeyReachable", ConditionSubject.Entry, decides: false);

    /// <summary>The redirect program runs where frames with this key arrive.</summary>
    public static ConditionType IngressAttached { get; } = new("IngressAttached", ConditionSubject.Attachment, decides: false);

    /// <summary>The redirect program runs on the interface.</summary>
    public static ConditionType Attached { get; } = new("Attached", ConditionSubject.Attachment);

    /// <summary>The driver of the ingress interface can redirect frames (<c>NETDEV_XDP_ACT_REDIRECT</c>).</summary>
    public static ConditionType IngressRedirects { get; } = new("IngressRedirects", ConditionSubject.Attachment, decides: false);

    /// <summary>
    /// Nothing that rides beside frames of the ingress interface is lost: checksums, the size of segments, VLAN tags. Entries have it only where
    /// it does not hold for them.
    /// </summary>
    public static ConditionType IngressKeepsFrames { get; } = new("IngressKeepsFrames", ConditionSubject.Attachment);

    /// <summary>Frames for all addresses reach the redirect program. Reported for selectors that need them.</summary>
    public static ConditionType IngressReceivesAll { get; } = new("IngressReceivesAll", ConditionSubject.Attachment, decides: false);

    /// <summary>The devmap's keys are spread over the buckets of the kernel's hash.</summary>
    public static ConditionType KeysSpread { get; } = new("KeysSpread", ConditionSubject.Devmap, decides: false);

    /// <summary>The devmap has room for more entries: less is used than the thresholds of the configuration.</summary>
    public static ConditionType CapacityAvailable { get; } = new("CapacityAvailable", ConditionSubject.Devmap, decides: false);

    /// <summary>The interface exists and such a frame can arrive on it.</summary>
    public static ConditionType IngressReceives { get; } = new("IngressReceives", ConditionSubject.Frame);

    /// <summary>The frame has a key.</summary>
    public static ConditionType KeyFound { get; } = new("KeyFound", ConditionSubject.Frame);

    /// <summary>The redirect program looks keys up in the devmap's map. Reported only where it does not.</summary>
    public static ConditionType DevmapActive { get; } = new("DevmapActive", ConditionSubject.Devmap);

    /// <summary>The actions of the entry let the frame go on, by a dry run. Reported for entries with actions.</summary>
    public static ConditionType ActionsRun { get; } = new("ActionsRun", ConditionSubject.Frame);

    /// <summary>The egress program lets the frame leave, by a dry run.</summary>
    public static ConditionType EgressProgramRun { get; } = new("EgressProgramRun", ConditionSubject.Frame);

    /// <summary>The way of the frame to the peer of its target, in tcx mode. It always holds; the reason says which way it is.</summary>
    public static ConditionType EgressPath { get; } = new("EgressPath", ConditionSubject.Frame, decides: false);

    /// <summary>The pins, and with them the forwarding of frames, outlive the daemon.</summary>
    public static ConditionType PinsPersist { get; } = new("PinsPersist", ConditionSubject.Host);

    /// <summary>The files of <c>TablesDirectory</c> are applied.</summary>
    public static ConditionType FilesApplied { get; } = new("FilesApplied", ConditionSubject.Host);

    /// <summary>All kinds.</summary>
    public static IReadOnlyList<ConditionType> All { get; } =
    [
        KeyInterfacePresent, InterfacePresent, InKernel, InterfaceUp, CarrierPresent, TargetAcceptsRedirect, CarriesEthernet, MtuSufficient,
        EgressProgramAgrees, EgressProgramFits, EgressProgramPasses, EgressProgramApplies, ActionsApply, Proven, KeyReachable, IngressAttached, Attached, IngressRedirects,
        IngressKeepsFrames,
        IngressReceivesAll, KeysSpread, CapacityAvailable,
        IngressReceives, KeyFound, DevmapActive, ActionsRun, EgressProgramRun, EgressPath, PinsPersist, FilesApplied,
    ];
}
