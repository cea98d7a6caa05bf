namespace ControlPlane.Core.Model;

/// <summary>A network interface of the daemon's network namespace (rtnetlink RTM_NEWLINK, genetlink <c>netdev</c>).</summary>
/// <param name="Ifindex">Its index (<c>ifi_index</c>), 1 .. 2^31 - 1.</param>
/// <param name="Name">Its name (<c>IFLA_IFNAME</c>), up to 15 bytes.</param>
public sealed record InterfaceInfo(uint Ifindex, string Name)
{
    /// <summary>The alternative names (<c>IFLA_ALT_IFNAME</c>), each up to 127 bytes. The kernel takes them wherever it takes the name.</summary>
    public AltNames AltNames { get; init; } = AltNames.None;

    /// <summary>The kind of a virtual device (<c>IFLA_INFO_KIND</c>), for instance <c>veth</c>; null for hardware and loopback.</summary>
    public string? Kind { get; init; }

    /// <summary>
    /// Whether it is hardware, as a guest sees it: a device on a bus (<c>IFLA_PARENT_DEV_NAME</c>, which is the name behind
    /// <c>/sys/class/net/NAME/device</c>), or a device of no kind that is not loopback.
    /// </summary>
    public bool IsHardware { get; init; }

    /// <summary>
    /// Whether its frames have Ethernet headers (<c>ifi_type</c> is ARPHRD_ETHER or ARPHRD_LOOPBACK). tun, WireGuard and IP tunnels have bare
    /// packets: XDP would take the beginning of a packet for an Ethernet header.
    /// </summary>
    public bool CarriesEthernet { get; init; } = true;

    /// <summary>Whether it takes frames for all addresses (<c>IFLA_PROMISCUITY</c> is not 0), whoever asked for that.</summary>
    public bool IsPromiscuous { get; init; }

    /// <summary>
    /// Whether it takes them because of its administrative flag (<c>IFF_PROMISC</c>), which outlives the process that sets it. It is one flag,
    /// whoever sets it. A capture tool or a bridge makes the interface promiscuous without the flag, as long as it needs that.
    /// </summary>
    public bool HasPromiscuousFlag { get; init; }

    /// <summary>The work that it leaves to others (<c>dev->features</c>); null where the kernel does not tell.</summary>
    public Offloads? Offloads { get; init; }

    /// <summary>The same of a veth's peer in another network namespace; null where the daemon cannot see it.</summary>
    public Offloads? PeerOffloads { get; init; }

    /// <summary>
    /// Whether the user of a tap can send partial checksums and long segments (<c>IFF_VNET_HDR</c>), as a virtual machine does; null for
    /// other devices.
    /// </summary>
    public bool? HasVirtioHeader { get; init; }

    /// <summary>The Ethernet address (<c>IFLA_ADDRESS</c>); null where the device has none of six octets.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>The MTU in bytes (<c>IFLA_MTU</c>), without the Ethernet header.</summary>
    public uint Mtu { get; init; }

    /// <summary>Administratively up (<c>IFF_UP</c>).</summary>
    public bool IsUp { get; init; }

    /// <summary>Has carrier (<c>IFF_LOWER_UP</c>); for a veth this needs its peer to be up.</summary>
    public bool HasCarrier { get; init; }

    /// <summary>The ifindex of the device it is paired with or stacked on (<c>IFLA_LINK</c>); its namespace may be another.</summary>
    public uint? LinkIfindex { get; init; }

    /// <summary>The namespace id of that device (<c>IFLA_LINK_NETNSID</c>); null when it is in the daemon's network namespace, or there is none.</summary>
    public int? LinkNetnsId { get; init; }

    /// <summary>The id of the 802.1Q tag that a VLAN device adds (<c>IFLA_VLAN_ID</c>), 1 .. 4094; null for other devices, and for VLAN devices of 802.1ad.</summary>
    public ushort? VlanId { get; init; }

    /// <summary>The MTU of a veth's peer in another network namespace, where the kernel tells; else null.</summary>
    public uint? PeerMtu { get; init; }

    /// <summary>The name of a veth's peer in another network namespace, where the kernel tells; else null.</summary>
    public string? PeerName { get; init; }

    /// <summary>The name of that network namespace under <c>/run/netns</c>; null if it has none there.</summary>
    public string? PeerNamespace { get; init; }

    /// <summary>The largest MTU that the kernel takes for the interface now (<c>IFLA_MAX_MTU</c>); 0 where it does not tell. Native XDP lowers that of a veth's peer.</summary>
    public uint MaxMtu { get; init; }

    /// <summary>The same of a veth's peer in another network namespace; 0 where the kernel does not tell.</summary>
    public uint PeerMaxMtu { get; init; }

    /// <summary>Transmit queues (<c>IFLA_NUM_TX_QUEUES</c>).</summary>
    public uint TxQueues { get; init; }

    /// <summary>Receive queues (<c>IFLA_NUM_RX_QUEUES</c>).</summary>
    public uint RxQueues { get; init; }

    /// <summary>How an XDP program is attached to it (<c>IFLA_XDP_ATTACHED</c>); null when none is.</summary>
    public AttachMode? XdpMode { get; init; }

    /// <summary>The id of that program (<c>IFLA_XDP_PROG_ID</c>).</summary>
    public uint? XdpProgramId { get; init; }

    /// <summary>The XDP features of the driver (<c>NETDEV_A_DEV_XDP_FEATURES</c>, since Linux 6.3); null where the kernel does not tell.</summary>
    public XdpFeatures? XdpFeatures { get; init; }
}

/// <summary>The XDP features of a driver: <c>enum netdev_xdp_act</c>, since Linux 6.3.</summary>
[Flags]
public enum XdpFeatures : ulong
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><c>NETDEV_XDP_ACT_BASIC</c>: XDP_DROP, XDP_PASS, XDP_TX.</summary>
    Basic = 1,

    /// <summary><c>NETDEV_XDP_ACT_REDIRECT</c>: a program on it may redirect.</summary>
    Redirect = 2,

    /// <summary><c>NETDEV_XDP_ACT_NDO_XMIT</c>: it accepts redirected frames.</summary>
    NdoXmit = 4,

    /// <summary><c>NETDEV_XDP_ACT_XSK_ZEROCOPY</c>.</summary>
    XskZerocopy = 8,

    /// <summary><c>NETDEV_XDP_ACT_HW_OFFLOAD</c>.</summary>
    HwOffload = 16,

    /// <summary><c>NETDEV_XDP_ACT_RX_SG</c>: non-linear frames on receive.</summary>
    RxSg = 32,

    /// <summary><c>NETDEV_XDP_ACT_NDO_XMIT_SG</c>: it accepts redirected non-linear frames.</summary>
    NdoXmitSg = 64,
}

/// <summary>An interface as the API shows it. Read only.</summary>
/// <param name="Name">The name (IFLA_IFNAME), 1 to 15 bytes.</param>
/// <param name="AltNames">The alternative names (IFLA_ALT_IFNAME), each up to 127 bytes. Requests take them wherever they take the name.</param>
/// <param name="Ifindex">The index (ifi_index), 1 .. 2^31 - 1.</param>
/// <param name="Revision">The highest revision among the entries that send to the interface, over all devmaps. 0 when none does. It is also the entity tag.</param>
/// <param name="Kind">The kind of a virtual device (IFLA_INFO_KIND), for instance `veth`. Null for hardware and loopback.</param>
/// <param name="Hardware">Whether the interface is hardware, as a guest sees it. Attaching or detaching XDP can stop hardware for seconds.</param>
/// <param name="Ethernet">Whether its frames have Ethernet headers (ifi_type). Interfaces without, such as tun and WireGuard, can be neither ingress nor target.</param>
/// <param name="Promiscuous">Whether it takes frames for all addresses (IFLA_PROMISCUITY is not 0), whoever asked for that.</param>
/// <param name="Mac">The Ethernet address (IFLA_ADDRESS). Null where the device has none of six octets.</param>
/// <param name="Mtu">The MTU in bytes (IFLA_MTU), without the Ethernet header.</param>
/// <param name="Up">Whether the interface is administratively up (IFF_UP).</param>
/// <param name="Carrier">Whether the interface has carrier (IFF_LOWER_UP). For a veth this needs its peer to be up.</param>
/// <param name="LinkIfindex">The ifindex of the device that the interface is paired with or stacked on (IFLA_LINK), perhaps in another namespace. Null for none.</param>
/// <param name="TxQueues">Number of transmit queues (IFLA_NUM_TX_QUEUES).</param>
/// <param name="RxQueues">Number of receive queues (IFLA_NUM_RX_QUEUES).</param>
/// <param name="XdpMode">How an XDP program is attached to the interface, whoever attached it (IFLA_XDP_ATTACHED). Null when none is.</param>
/// <param name="XdpProgramId">The id of that program (IFLA_XDP_PROG_ID). Null when none is.</param>
/// <param name="PassProgram">Whether that program is the daemon's own pass program, which makes a target accept redirected frames.</param>
/// <param name="XdpFeatures">The XDP features of the driver. Null where the kernel does not tell (before Linux 6.3).</param>
/// <param name="CanBeTarget">Whether a frame redirected to the interface by a redirect program in native mode would leave.</param>
/// <param name="Conditions">The checks behind that.</param>
public sealed record Interface(
    string Name,
    IReadOnlyList<string> AltNames,
    uint Ifindex,
    long Revision,
    string? Kind,
    bool Hardware,
    bool Ethernet,
    bool Promiscuous,
    MacAddress? Mac,
    uint Mtu,
    bool Up,
    bool Carrier,
    uint? LinkIfindex,
    uint TxQueues,
    uint RxQueues,
    AttachMode? XdpMode,
    uint? XdpProgramId,
    bool PassProgram,
    XdpFeatures? XdpFeatures,
    bool CanBeTarget,
    IReadOnlyList<Condition> Conditions);
