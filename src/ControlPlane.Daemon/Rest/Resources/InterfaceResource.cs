using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>A network interface of the daemon's network namespace, and whether it can be a target. Read only.</summary>
internal sealed class InterfaceResource
{
    /// <summary>Its name (`IFLA_IFNAME`), 1 to 15 bytes.</summary>
    /// <example>lo</example>
    public required string Name { get; init; }

    /// <summary>Its index (`ifi_index`).</summary>
    /// <example>1</example>
    public required uint Ifindex { get; init; }

    /// <summary>The kind of a virtual device (`IFLA_INFO_KIND`), for instance `veth`; null for hardware and loopback.</summary>
    /// <example>null</example>
    public required string? Kind { get; init; }

    /// <summary>The Ethernet address (`IFLA_ADDRESS`); null where the device has none of six octets.</summary>
    /// <example>00:00:00:00:00:00</example>
    public required string? Mac { get; init; }

    /// <summary>The MTU in bytes (`IFLA_MTU`), without the Ethernet header.</summary>
    /// <example>65536</example>
    public required uint Mtu { get; init; }

    /// <summary>Whether it is administratively up (`IFF_UP`).</summary>
    /// <example>true</example>
    public required bool Up { get; init; }

    /// <summary>Whether it has carrier (`IFF_LOWER_UP`); for a veth this needs its peer to be up.</summary>
    /// <example>true</example>
    public required bool Carrier { get; init; }

    /// <summary>The ifindex of the device it is paired with or stacked on (`IFLA_LINK`), perhaps in another namespace; null for none.</summary>
    /// <example>null</example>
    public required uint? LinkIfindex { get; init; }

    /// <summary>Number of transmit queues (`IFLA_NUM_TX_QUEUES`).</summary>
    /// <example>1</example>
    public required uint TxQueues { get; init; }

    /// <summary>Number of receive queues (`IFLA_NUM_RX_QUEUES`).</summary>
    /// <example>1</example>
    public required uint RxQueues { get; init; }

    /// <summary>How an XDP program is attached to it, whoever attached it (`IFLA_XDP_ATTACHED`); null when none is.</summary>
    /// <example>generic</example>
    public required AttachMode? XdpMode { get; init; }

    /// <summary>The id of that program (`IFLA_XDP_PROG_ID`); null when none is.</summary>
    /// <example>34</example>
    public required uint? XdpProgramId { get; init; }

    /// <summary>Whether that is the daemon's own pass program, which makes a target accept redirected frames (`ensureTargets`).</summary>
    /// <example>false</example>
    public required bool PassProgram { get; init; }

    /// <summary>
    /// What the driver can do with XDP (`enum netdev_xdp_act`, since Linux 6.3); null where the kernel does not tell. `ndoXmit`
    /// means that it accepts redirected frames in native mode.
    /// </summary>
    /// <example>[]</example>
    public required IEnumerable<string>? XdpFeatures { get; init; }

    /// <summary>Whether a frame redirected to it by a redirect program in native mode would leave.</summary>
    /// <example>false</example>
    public required bool CanBeTarget { get; init; }

    /// <summary>The checks behind that.</summary>
    public required IEnumerable<ConditionResource> Conditions { get; init; }

    public static InterfaceResource From(InterfaceView view) => new()
    {
        Name = view.Info.Name,
        Ifindex = view.Info.Ifindex,
        Kind = view.Info.Kind,
        Mac = view.Info.Mac?.ToString(),
        Mtu = view.Info.Mtu,
        Up = view.Info.IsUp,
        Carrier = view.Info.HasCarrier,
        LinkIfindex = view.Info.LinkIfindex,
        TxQueues = view.Info.TxQueues,
        RxQueues = view.Info.RxQueues,
        XdpMode = view.Info.XdpMode,
        XdpProgramId = view.Info.XdpProgramId,
        PassProgram = view.PassProgram,
        XdpFeatures = view.Info.XdpFeatures is { } features ? Names(features) : null,
        CanBeTarget = view.CanBeTarget,
        Conditions = view.Conditions.Select(ConditionResource.From),
    };

    private static IEnumerable<string> Names(XdpFeatures features) => Enum.GetValues<XdpFeatures>()
        .Where(f => f != ControlPlane.Core.Model.XdpFeatures.None && features.HasFlag(f))
        .Select(f => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(f.ToString()));
}
