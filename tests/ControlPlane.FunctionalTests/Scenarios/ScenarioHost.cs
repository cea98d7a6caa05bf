using ControlPlane.Core.Model;

namespace ControlPlane.FunctionalTests.Scenarios;

/// <summary>The host every scenario begins with.</summary>
public static class ScenarioHost
{
    private const XdpFeatures Forwards =
        XdpFeatures.Basic | XdpFeatures.Redirect | XdpFeatures.NdoXmit | XdpFeatures.RxSg | XdpFeatures.NdoXmitSg;

    /// <summary>One devmap per selector, one with 4-byte values, one that is soon full.</summary>
    public static IReadOnlyList<DevmapRecord> Devmaps { get; } =
    [
        new("default", new DevmapSpec(64)),
        new("vlans", new DevmapSpec(64, KeySelector: KeySelector.Vlan, MissAction: MissAction.Drop)),
        new("routes", new DevmapSpec(512, KeySelector: KeySelector.Ipv4Destination, MissAction: MissAction.Abort)),
        new("narrow", new DevmapSpec(64, ValueSize: 4, KeySelector: KeySelector.Vlan)),
        new("tiny", new DevmapSpec(2, KeySelector: KeySelector.Vlan, Counters: false)),
    ];

    /// <summary>Interfaces that can be targets, that cannot, and those with names that are hard to carry; their indexes count from 1.</summary>
    public static IReadOnlyList<InterfaceInfo> Interfaces { get; } =
    [
        new(1, "lo") { Mtu = 65536, IsUp = true, HasCarrier = true, TxQueues = 1, RxQueues = 1, XdpFeatures = XdpFeatures.None },
        Veth(2, "veth-a"),
        Veth(3, "veth-b"),
        Veth(4, "eth0.100"),
        Veth(5, "7"),
        Veth(6, "zürich0"),
        Veth(7, "down0") with { IsUp = false, HasCarrier = false },
        Veth(8, "mute0") with { XdpFeatures = XdpFeatures.Basic | XdpFeatures.Redirect | XdpFeatures.RxSg },
        Veth(9, "held0") with { XdpMode = AttachMode.Native, XdpProgramId = 9001 },
        Veth(10, "bare0") with { Kind = "bridge", XdpFeatures = XdpFeatures.None },
    ];

    private static InterfaceInfo Veth(uint ifindex, string name) => new(ifindex, name)
    {
        Kind = "veth",
        Offloads = Offloads.None,
        PeerOffloads = Offloads.None,
        Mac = new MacAddress(0x02_00_00_00_00_00UL | ifindex),
        Mtu = 1500,
        IsUp = true,
        HasCarrier = true,
        TxQueues = 1,
        RxQueues = 1,
        XdpFeatures = Forwards,
    };
}
