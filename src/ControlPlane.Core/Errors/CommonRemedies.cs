using System.Globalization;

namespace ControlPlane.Core.Errors;

/// <summary>The remedies that conditions, explanations and errors share; each text exists once.</summary>
public static class CommonRemedies
{
    /// <summary>The word that stands for a veth peer whose name the daemon cannot see.</summary>
    public const string UnseenPeer = "PEER";

    /// <summary>The beginning of the summary of a remedy whose commands run in the network namespace of a veth's peer.</summary>
    public const string InPeerNamespace = "In the peer's network namespace: ";

    /// <summary>Somebody else changed the kernel's map or an attachment.</summary>
    public static Remedy Audit(string devmap) => new("Audit the devmap: the audit repairs what others changed.", Calls.AuditDevmap(devmap));

    /// <summary>An interface is missing.</summary>
    public static Remedy CreateInterface(string name) => new($"Create the interface '{name}'.");

    /// <summary>An interface is administratively down.</summary>
    public static Remedy SetUp(string name) => new($"Set '{name}' up.", $"ip link set dev {name} up");

    /// <summary>An MTU is too small.</summary>
    public static Remedy SetMtu(string name, long mtu) => new(
        string.Create(CultureInfo.InvariantCulture, $"Set the MTU of '{name}' to {mtu}."),
        string.Create(CultureInfo.InvariantCulture, $"ip link set dev {name} mtu {mtu}"));

    /// <summary>A remedy at the peer of a veth. The daemon cannot see the name of a peer in another network namespace.</summary>
    /// <param name="summary">The instruction, with <c>{0}</c> for the peer.</param>
    /// <param name="command">The command, with <c>{0}</c> for the peer.</param>
    /// <param name="peer">The name of the peer; null when the peer is in another network namespace.</param>
    public static Remedy AtPeer(string summary, string command, string? peer) => peer is null
        ? new Remedy(
            $"{InPeerNamespace}{string.Format(CultureInfo.InvariantCulture, summary, "the peer")}",
            string.Format(CultureInfo.InvariantCulture, command, UnseenPeer))
        : new Remedy(string.Format(CultureInfo.InvariantCulture, summary, $"'{peer}'"), string.Format(CultureInfo.InvariantCulture, command, peer));

    /// <summary>A link has no carrier.</summary>
    public static Remedy CheckCable() => new("Check the cable, the switch port, or the lower device.");

    /// <summary>An ingress interface has no carrier.</summary>
    public static Remedy CheckIngressCable() => new("Check the cable or the switch port; for a veth, set its peer up.");

    /// <summary>The target's driver accepts redirected frames in generic mode only.</summary>
    public static Remedy AttachGeneric(string devmap, string ingress) =>
        new("Attach the redirect program in generic mode.", Calls.PutAttachment(devmap, ingress, "generic"));

    /// <summary>The target's driver may accept redirected frames once it has an XDP program.</summary>
    public static Remedy AttachAtTarget() =>
        new("Many drivers accept redirected frames once an XDP program is attached to the device itself; else attach the devmap in generic mode.");

    /// <summary>The redirect program does not run where frames arrive.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="ingress">The ingress interface; null for any.</param>
    public static Remedy Attach(string devmap, string? ingress) =>
        new("Attach the redirect program.", Calls.PutAttachment(devmap, ingress ?? "INTERFACE", "native"));

    /// <summary>Nothing can be attached to loopback.</summary>
    public static Remedy OtherIngress() => new("Use another ingress interface: nothing can be attached to loopback.");

    /// <summary>All entries for an interface need one egress program: one alone would be refused, or would leave them in disagreement.</summary>
    public static Remedy GiveAll(string interfaceName, string? program) => new(
        $"Give all entries for '{interfaceName}' {(program is null ? "no egress program" : $"the egress program '{program}'")}.",
        Calls.SetEgressProgram(interfaceName, program));

    /// <summary>No frame can have the key of an entry.</summary>
    public static Remedy PutUnderVlanId(string devmap, string key) =>
        new("Delete the entry and create one under the intended VLAN id.", Calls.DeleteEntry(devmap, key));

    /// <summary>The key of an entry is an ifindex that no interface has.</summary>
    public static Remedy PutUnderInterface(string devmap, string key) =>
        new("Delete the entry and create one whose key is the name of the ingress interface: that entry follows the interface.", Calls.DeleteEntry(devmap, key));

    /// <summary>Keys are in network byte order.</summary>
    public static Remedy UseHostByteOrder() => new("Give addresses as text ('10.0.0.7'), or as numbers in host byte order.");

    /// <summary>Keys collide in the kernel's hash.</summary>
    public static Remedy SpreadKeys() => new("Choose keys that differ in their low bits, or configure the devmap with more MaxEntries.");

    /// <summary>There is no entry for a key.</summary>
    public static Remedy PutEntry(string devmap, string key) => new("Create the entry. TARGET is the egress interface.", Calls.PutEntry(devmap, key, "TARGET"));

    /// <summary>An egress program drops frames.</summary>
    public static Remedy OtherProgram() => new("Write the entry with another egress program.");

    /// <summary>Another devmap decides.</summary>
    public static Remedy AskOtherDevmap(string devmap, string ingress) =>
        new("Ask the other devmap.", Calls.ExplainIngress(devmap, ingress));

    /// <summary>A program decides that is not the daemon's.</summary>
    public static Remedy ShowProgram(uint programId) => new(
        "See which program it is.", string.Create(CultureInfo.InvariantCulture, $"bpftool prog show id {programId}"));

    /// <summary>A frame without IPv4 header has no key.</summary>
    public static Remedy NameDestination() => new("Give the destination with dst, if the frame is an IPv4 frame.");

    /// <summary>The bpffs of the pins may end with the daemon.</summary>
    public static Remedy SharedBpffs() => new(
        "Run the daemon where the host's bpffs is mounted: start it by 'nsenter --net=/run/netns/NAME' in place of 'ip netns exec NAME', and give a container the host's /sys/fs/bpf.");
}
