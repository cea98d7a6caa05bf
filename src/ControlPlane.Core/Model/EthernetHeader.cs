namespace ControlPlane.Core.Model;

/// <summary>The headers in front of a packet, which an MTU does not count (<c>linux/if_ether.h</c>, <c>linux/if_vlan.h</c>).</summary>
internal static class EthernetHeader
{
    /// <summary>Bytes of an Ethernet header (<c>ETH_HLEN</c>).</summary>
    public const int Bytes = 14;

    /// <summary>Bytes of an address (<c>ETH_ALEN</c>).</summary>
    public const int MacBytes = 6;

    /// <summary>Bytes of both addresses. The type of the packet, or a tag, follows them.</summary>
    public const int AddressBytes = 2 * MacBytes;

    /// <summary>Bytes of a VLAN tag (<c>VLAN_HLEN</c>).</summary>
    public const int TagBytes = 4;

    /// <summary>The type of an 802.1Q tag (<c>ETH_P_8021Q</c>).</summary>
    public const ushort CustomerTag = 0x8100;

    /// <summary>The type of an 802.1ad tag (<c>ETH_P_8021AD</c>).</summary>
    public const ushort ServiceTag = 0x88a8;
}
