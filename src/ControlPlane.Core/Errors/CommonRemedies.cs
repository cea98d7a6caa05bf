using System.Globalization;
using System.Text.Json.Nodes;

namespace ControlPlane.Core.Errors;

/// <summary>The remedies that conditions, explanations and errors share; each text exists once.</summary>
public static class CommonRemedies
{
    /// <summary>The beginning of the summary of a remedy whose commands run in the network namespace of a veth's peer.</summary>
    public const string InPeerNamespace = "In the peer's network namespace: ";

    /// <summary>Somebody else changed the kernel's map or an attachment.</summary>
    public static Remedy Audit(string devmap) => new("Audit the devmap: the audit repairs what others changed.", Calls.AuditDevmap(devmap));

    /// <summary>A table file has errors.</summary>
    public static Remedy CorrectFiles(string folder) => new($"Correct the files in {folder}, and have the daemon read them again.", "systemctl reload devmapd");

    /// <summary>The daemon is at it.</summary>
    public static Remedy AwaitSwap() => new("Wait: the daemon writes the entries, and answers setEgressProgram when it has written all.");

    /// <summary>The daemon writes a table.</summary>
    public static Remedy AwaitTable() => new("Wait: the daemon writes the entries, and answers replaceEntries when it has written all.");

    /// <summary>The daemon has just started.</summary>
    public static Remedy AwaitStart() => new("Wait: the daemon has started and brings everything into the kernel; /readyz answers 200 when it is done.");

    /// <summary>An interface is missing.</summary>
    public static Remedy CreateInterface(string name) => new($"Create the interface '{name}'.");

    /// <summary>An interface is administratively down.</summary>
    public static Remedy SetUp(string name) => new($"Set '{name}' up.", $"ip link set dev {name} up");

    /// <summary>An interface has no Ethernet headers.</summary>
    public static Remedy UseEthernet() =>
        new("Use an interface with Ethernet headers: a tap in the place of a tun device, or a veth.", "ip tuntap add dev tap0 mode tap");

    /// <summary>A target does not send frames on.</summary>
    public static Remedy OtherTarget() => new("Send to another interface.");

    /// <summary>An interface drops frames for other addresses before XDP sees them.</summary>
    public static Remedy SetPromiscuous(AttachmentWrite attachment) => new(
        $"Have the attachment make '{attachment.Interface}' promiscuous, if frames for other addresses than its own must be redirected.",
        attachment.With("promiscuous", "on"));

    /// <summary>An MTU is too small.</summary>
    public static Remedy SetMtu(string name, long mtu) => new(
        string.Create(CultureInfo.InvariantCulture, $"Set the MTU of '{name}' to {mtu}."),
        string.Create(CultureInfo.InvariantCulture, $"ip link set dev {name} mtu {mtu}"));

    /// <summary>The peer of a veth is down.</summary>
    public static Remedy SetPeerUp(PeerPlace peer) => AtPeer("Set {0} up.", "ip link set dev {0} up", peer);

    /// <summary>The peer of a veth takes no redirected frames.</summary>
    public static Remedy TurnOnPeerGro(PeerPlace peer) => AtPeer("Turn GRO on at {0}.", "ethtool -K {0} gro on", peer);

    /// <summary>A remedy at the peer of a veth, in whichever network namespace the peer is.</summary>
    /// <param name="summary">The instruction, with <c>{0}</c> for the peer.</param>
    /// <param name="command">The command, with <c>{0}</c> for the peer: of <c>ip</c> or of another tool.</param>
    /// <param name="peer">The peer.</param>
    public static Remedy AtPeer(string summary, string command, PeerPlace peer)
    {
        if (peer.Name is null)
            return new Remedy($"{InPeerNamespace}{Filled(summary, peer.Ifindex is { } index ? string.Create(CultureInfo.InvariantCulture, $"the interface with index {index}") : "the peer")}");
        var filled = Filled(command, peer.Name);
        if (peer.IsHere)
            return new Remedy(Filled(summary, $"'{peer.Name}'"), filled);
        var place = string.Create(CultureInfo.InvariantCulture, $"'{peer.Name}' (index {peer.Ifindex})");
        if (peer.Namespace is not { } space)
            return new Remedy($"{InPeerNamespace}{Filled(summary, place)}", filled);
        const string Ip = "ip ";
        return new Remedy(
            $"In the network namespace '{space}': {Filled(summary, place)}",
            filled.StartsWith(Ip, StringComparison.Ordinal) ? $"ip -n {space} {filled[Ip.Length..]}" : $"ip netns exec {space} {filled}");

        static string Filled(string text, string name) => string.Format(CultureInfo.InvariantCulture, text, name);
    }

    /// <summary>The kernel does not take an MTU as large as the frames: native XDP lowers the limit.</summary>
    /// <param name="ingress">The ingress interface.</param>
    /// <param name="mtu">The MTU that the target has.</param>
    public static Remedy LowerIngressMtu(string ingress, long mtu) => new(
        string.Create(CultureInfo.InvariantCulture, $"The kernel takes no larger MTU while XDP runs in native mode. Set that of '{ingress}' to {mtu}."),
        string.Create(CultureInfo.InvariantCulture, $"ip link set dev {ingress} mtu {mtu}"));

    /// <summary>No MTU that the kernel takes is large enough for a frame.</summary>
    /// <param name="name">The interface.</param>
    /// <param name="maxMtu">The largest MTU that the kernel takes for it.</param>
    public static Remedy ShorterFrames(string name, long maxMtu) => new(
        string.Create(CultureInfo.InvariantCulture, $"Send shorter frames: the kernel takes no MTU above {maxMtu} for '{name}' while XDP runs in native mode."));

    /// <summary>An interface takes VLAN tags out of received frames.</summary>
    public static Remedy TagsInFrames(string name) => new(
        $"Have '{name}' leave VLAN tags in its frames; or attach in tcx mode, which keeps all that rides beside a frame.", $"ethtool -K {name} rxvlan off");

    /// <summary>The peer of an ingress interface leaves work to others.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="switches">The switches of ethtool.</param>
    public static Remedy PeerOffloadsOff(PeerPlace peer, IReadOnlyList<string> switches) => AtPeer(
        "Switch off what {0} leaves to others; or attach in tcx mode, which keeps all that rides beside a frame.", $"ethtool -K {{0}} {string.Join(' ', switches)}", peer);

    /// <summary>Tcx mode keeps all that rides beside a frame.</summary>
    public static Remedy AttachTcx(AttachmentWrite attachment) =>
        new("Attach in tcx mode (Linux 6.6), which keeps all that rides beside a frame; egress programs do not run there.", attachment.With("mode", "tcx"));

    /// <summary>A link has no carrier.</summary>
    public static Remedy CheckCable() => new("Check the cable, the switch port, or the lower device.");

    /// <summary>An ingress interface has no carrier.</summary>
    public static Remedy CheckIngressCable() => new("Check the cable or the switch port; for a veth, set its peer up.");

    /// <summary>The target's driver accepts redirected frames in generic mode only.</summary>
    public static Remedy AttachGeneric(AttachmentWrite attachment) =>
        new("Attach the redirect program in generic mode.", attachment.With("mode", "generic"));

    /// <summary>Egress programs run in native and generic mode only.</summary>
    public static Remedy AttachNative(AttachmentWrite attachment) => new(
        "Attach the redirect program in native mode, or write the entry without the egress program.", attachment.With("mode", "native"));

    /// <summary>The target's driver may accept redirected frames once it has an XDP program.</summary>
    /// <param name="target">The target.</param>
    /// <param name="hardware">Whether the target is hardware.</param>
    /// <param name="hasNativeXdp">Whether the driver has native XDP.</param>
    public static Remedy AttachAtTarget(string target, bool hardware, bool hasNativeXdp) => new(
        !hasNativeXdp ? $"The driver of '{target}' has no native XDP. Use another target, or attach the devmap in generic mode."
        : hardware ? $"Configure the devmap with EnsureTargets 'on': the daemon then attaches a pass program to '{target}'. {ResetsNic}"
        : $"Many drivers accept redirected frames once an XDP program is attached to the device itself; else attach the devmap in generic mode.");

    /// <summary>The warning about hardware.</summary>
    public const string ResetsNic = "Attaching resets this NIC: it can stop for 1 to 10 seconds.";

    /// <summary>The redirect program does not run where frames arrive.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="ingress">The ingress interface.</param>
    /// <param name="hardware">Whether the interface is hardware.</param>
    public static Remedy Attach(string devmap, string ingress, bool hardware = false) =>
        new($"Attach the redirect program.{(hardware ? $" {ResetsNic}" : "")}", new AttachmentWrite(devmap, ingress).With("mode", "auto"));

    /// <summary>The redirect program runs nowhere, and frames may arrive anywhere.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="candidate">An interface that it can be attached to; null if there is none.</param>
    /// <param name="hardware">Whether that interface is hardware.</param>
    public static Remedy AttachAnywhere(string devmap, string? candidate, bool hardware) => candidate is null
        ? new("Create the interface that the frames arrive on, and attach the redirect program to it.")
        : new(
            $"Attach the redirect program to the interface that the frames arrive on: '{candidate}', or another one.{(hardware ? $" {ResetsNic}" : "")}",
            new AttachmentWrite(devmap, candidate).With("mode", "auto"));

    /// <summary>Nothing can be attached to loopback.</summary>
    public static Remedy OtherIngress() => new("Use another ingress interface: nothing can be attached to loopback.");

    /// <summary>All entries for an interface need one egress program: one alone would be refused, or would leave them in disagreement.</summary>
    public static Remedy GiveAll(string interfaceName, string? program) => new(
        $"Give all entries for '{interfaceName}' {(program is null ? "no egress program" : $"the egress program '{program}'")}.",
        Calls.SetEgressProgram(interfaceName, program));

    /// <summary>No frame can have the key of an entry.</summary>
    public static Remedy PutUnderVlanId(string devmap, string key, string? owner = null) =>
        new("Delete the entry and create one under the intended VLAN id.", Calls.DeleteEntry(devmap, key, owner));

    /// <summary>The key of an entry is an ifindex that no interface has.</summary>
    public static Remedy PutUnderInterface(string devmap, string key, string? owner = null) =>
        new("Delete the entry and create one whose key is the name of the ingress interface: that entry follows the interface.", Calls.DeleteEntry(devmap, key, owner));

    /// <summary>Keys are in network byte order.</summary>
    public static Remedy UseHostByteOrder() => new("Give addresses as text ('10.0.0.7'), or as numbers in host byte order.");

    /// <summary>Keys collide in the kernel's hash.</summary>
    public static Remedy SpreadKeys() => new("Choose keys that differ in their low bits, or configure the devmap with more MaxEntries.");

    /// <summary>A devmap becomes full.</summary>
    public static Remedy MakeRoom(string devmap) => new("Delete entries, or give the devmap a larger maxEntries.", Calls.ListEntries(devmap));

    /// <summary>There is no entry for a key.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="key">The key.</param>
    /// <param name="candidate">An interface that an entry can send to; null if there is none.</param>
    public static Remedy PutEntry(string devmap, string key, string? candidate) => candidate is null
        ? new("Create the interface that the frame must leave by, and the entry.")
        : new($"Create the entry. Its interface is the one that the frame must leave by: '{candidate}', or another one.", Calls.PutEntry(devmap, key, candidate));

    /// <summary>An egress program drops frames.</summary>
    public static Remedy OtherProgram() => new("Write the entry with another egress program.");

    /// <summary>No frame of an entry can have its actions applied.</summary>
    public static Remedy OtherActions() => new("Write the entry without the actions setVlan and popVlan; pushVlan takes frames without a tag.");

    /// <summary>The target adds a tag, and the entry has an action on tags.</summary>
    public static Remedy OtherActionsForVlan() => new("Write the entry without setVlan, pushVlan and popVlan, or send to the interface below the VLAN device.");

    /// <summary>An action drops a frame.</summary>
    public static Remedy ActionsForFrame() => new("Send frames with a VLAN tag, or write the entry with other actions.");

    /// <summary>Another devmap decides.</summary>
    public static Remedy AskOtherDevmap(string devmap, string ingress) =>
        new("Ask the other devmap.", Calls.ExplainIngress(devmap, ingress));

    /// <summary>A program decides that is not the daemon's.</summary>
    public static Remedy ShowProgram(uint programId) => new(
        "See which program it is.", string.Create(CultureInfo.InvariantCulture, $"bpftool prog show id {programId}"));

    /// <summary>Another XDP program holds an interface.</summary>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="other">The mode and the id of that program; null if it has ended meanwhile.</param>
    public static Remedy DetachOther(string interfaceName, (string Mode, uint ProgramId)? other)
    {
        var show = $"ip -d link show dev {interfaceName}";
        if (other is not var (mode, program))
            return new Remedy("See which program it is, and stop its owner.", show);
        var off = $"ip link set dev {interfaceName} {(mode == "native" ? "xdpdrv" : "xdpgeneric")} off";
        // A program with a bpf_link is detached by that link alone. bpftool finds it by the program; with several it refuses.
        var link = string.Create(
            CultureInfo.InvariantCulture,
            $"bpftool link detach id \"$(bpftool link show | awk '$2 == \"xdp\" && $4 == {program} {{ print $1 + 0 }}')\"");
        return new Remedy("See which program it is, and stop its owner; or detach the program, whether it has a bpf_link or not.")
        {
            Commands = [show, $"{off} || {link}"],
        };
    }

    /// <summary>A frame without IPv4 header has no key.</summary>
    public static Remedy NameDestination() => new("Give the destination with dst, if the frame is an IPv4 frame.");

    /// <summary>The bpffs of the pins may end with the daemon.</summary>
    public static Remedy SharedBpffs() => new(
        "Run the daemon where the host's bpffs is mounted: start it by 'nsenter --net=/run/netns/NAME' in place of 'ip netns exec NAME', and give a container the host's /sys/fs/bpf.");
}

/// <summary>Where the peer of a veth is.</summary>
/// <param name="Name">Its name; null if the daemon cannot see it.</param>
/// <param name="Ifindex">Its index in its network namespace.</param>
/// <param name="Namespace">The name of its network namespace under <c>/run/netns</c>; null if that has none.</param>
/// <param name="IsHere">Whether it is in the daemon's network namespace.</param>
public sealed record PeerPlace(string? Name, uint? Ifindex, string? Namespace = null, bool IsHere = false);

/// <summary>The write that an attachment was made with. A write replaces the whole spec, so a remedy that changes one member repeats the rest.</summary>
/// <param name="devmap">The devmap.</param>
/// <param name="interfaceName">The ingress interface.</param>
/// <param name="spec">The members of the spec that are not as they are without being given; null for none.</param>
public sealed class AttachmentWrite(string devmap, string interfaceName, JsonObject? spec = null)
{
    /// <summary>The ingress interface.</summary>
    public string Interface => interfaceName;

    /// <summary>The name of the attachment.</summary>
    public string Resource => $"devmaps/{devmap}/attachments/{interfaceName}";

    /// <summary>Returns the write with one member changed.</summary>
    public OperationCall With(string member, string value)
    {
        var changed = spec?.DeepClone().AsObject() ?? [];
        changed[member] = value;
        return Calls.PutAttachment(devmap, interfaceName, changed);
    }
}
