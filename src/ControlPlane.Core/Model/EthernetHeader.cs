namespace ControlPlane.Core.Model;

/// <summary>Sizes of the headers in front of a packet, which an MTU does not count (<c>linux/if_ether.h</c>, <c>linux/if_vlan.h</c>).</summary>
internal static class EthernetHeader
{
    /// <summary>Bytes of an Ethernet header (<c>ETH_HLEN</c>).</summary>
    public const int Bytes = 14;

    /// <summary>Bytes of a VLAN tag (<c>VLAN_HLEN</c>).</summary>
    public const int TagBytes = 4;
}
