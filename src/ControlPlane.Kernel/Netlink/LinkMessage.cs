using System.Buffers.Binary;
using ControlPlane.Core.Model;
using ControlPlane.Kernel.Native;
using static ControlPlane.Kernel.Native.NetlinkConstants;

namespace ControlPlane.Kernel.Netlink;

/// <summary>Reads RTM_NEWLINK and RTM_DELLINK.</summary>
internal static class LinkMessage
{
    private const int MacLength = 6;

    /// <summary>
    /// Returns the interface of a message, without xdp-features, which rtnetlink does not carry. Returns null for any other
    /// message, for instance a message of a bridge about one of its ports.
    /// </summary>
    public static InterfaceInfo? Read(in NetlinkMessage message)
    {
        if (message.Type is not (RTM_NEWLINK or RTM_DELLINK)
            || !message.TryRead<ifinfomsg>(out var header, out var attributes)
            || header.ifi_family != AF_UNSPEC
            || header.ifi_index <= 0)
            return null;

        string? name = null, kind = null;
        var altNames = AltNames.None;
        MacAddress? mac = null;
        uint mtu = 0, maxMtu = 0, txQueues = 0, rxQueues = 0;
        uint? link = null;
        var hasParent = false;
        var promiscuity = 0u;
        int? linkNamespace = null;
        (AttachMode Mode, uint ProgramId)? xdp = null;
        bool? virtioHeader = null;
        ushort? vlanId = null;
        foreach (var attribute in attributes)
        {
            switch (attribute.Type)
            {
                case IFLA_IFNAME: name = attribute.Text(); break;
                case IFLA_ADDRESS: mac = ReadMac(attribute.Value); break;
                case IFLA_MTU: mtu = attribute.Number<uint>(); break;
                case IFLA_MAX_MTU: maxMtu = attribute.Number<uint>(); break;
                case IFLA_LINK: link = attribute.Number<uint>(); break;
                case IFLA_LINK_NETNSID: linkNamespace = attribute.Number<int>(); break;
                case IFLA_NUM_TX_QUEUES: txQueues = attribute.Number<uint>(); break;
                case IFLA_NUM_RX_QUEUES: rxQueues = attribute.Number<uint>(); break;
                case IFLA_LINKINFO: (kind, virtioHeader, vlanId) = ReadKind(attribute.Nested); break;
                case IFLA_PROP_LIST: altNames = ReadAltNames(attribute.Nested); break;
                case IFLA_PARENT_DEV_NAME: hasParent = true; break;
                case IFLA_PROMISCUITY: promiscuity = attribute.Number<uint>(); break;
                case IFLA_XDP: xdp = ReadXdp(attribute.Nested); break;
            }
        }

        return name is null ? null : new InterfaceInfo((uint)header.ifi_index, name)
        {
            AltNames = altNames,
            Kind = kind,
            IsHardware = hasParent || (kind is null && header.ifi_type != ARPHRD_LOOPBACK),
            CarriesEthernet = header.ifi_type is ARPHRD_ETHER or ARPHRD_LOOPBACK,
            IsPromiscuous = promiscuity > 0,
            HasPromiscuousFlag = (header.ifi_flags & IFF_PROMISC) != 0,
            Mac = mac,
            Mtu = mtu,
            MaxMtu = maxMtu,
            IsUp = (header.ifi_flags & IFF_UP) != 0,
            HasCarrier = (header.ifi_flags & IFF_LOWER_UP) != 0,
            LinkIfindex = link is 0 ? null : link,
            LinkNetnsId = linkNamespace,
            HasVirtioHeader = virtioHeader,
            VlanId = vlanId,
            TxQueues = txQueues,
            RxQueues = rxQueues,
            XdpMode = xdp?.Mode,
            XdpProgramId = xdp?.ProgramId,
        };
    }

    private static MacAddress? ReadMac(ReadOnlySpan<byte> octets) => octets.Length == MacLength
        ? new MacAddress(((ulong)BinaryPrimitives.ReadUInt16BigEndian(octets) << 32) | BinaryPrimitives.ReadUInt32BigEndian(octets[2..]))
        : null;

    private static (string? Kind, bool? VirtioHeader, ushort? VlanId) ReadKind(NetlinkAttributes attributes)
    {
        string? kind = null;
        bool? virtioHeader = null;
        ushort? vlanId = null;
        foreach (var attribute in attributes)
        {
            if (attribute.Type == IFLA_INFO_KIND)
                kind = attribute.Text();
            else if (attribute.Type == IFLA_INFO_DATA && kind == "tun")
                virtioHeader = ReadVirtioHeader(attribute.Nested);
            else if (attribute.Type == IFLA_INFO_DATA && kind == "vlan")
                vlanId = ReadVlanId(attribute.Nested);
        }

        return (kind, virtioHeader, vlanId);
    }

    private static bool? ReadVirtioHeader(NetlinkAttributes attributes)
    {
        foreach (var attribute in attributes)
        {
            if (attribute.Type == IFLA_TUN_VNET_HDR)
                return attribute.Number<byte>() != 0;
        }

        return null;
    }

    // Of 802.1Q alone: no action pushes a tag of 802.1ad.
    private static ushort? ReadVlanId(NetlinkAttributes attributes)
    {
        ushort id = 0, protocol = 0;
        foreach (var attribute in attributes)
        {
            if (attribute.Type == IFLA_VLAN_ID)
                id = attribute.Number<ushort>();
            else if (attribute.Type == IFLA_VLAN_PROTOCOL)
                protocol = BinaryPrimitives.ReverseEndianness(attribute.Number<ushort>());
        }

        return protocol == ETH_P_8021Q && id > 0 ? id : null;
    }

    private static AltNames ReadAltNames(NetlinkAttributes attributes)
    {
        var names = new List<string>();
        foreach (var attribute in attributes)
        {
            if (attribute.Type == IFLA_ALT_IFNAME)
                names.Add(attribute.Text());
        }

        return names.Count == 0 ? AltNames.None : new AltNames(names);
    }

    // Reads the program ids of each mode, not IFLA_XDP_ATTACHED, which is "several" if a program is offloaded as well.
    // Offload counts as native: the driver runs both.
    private static (AttachMode Mode, uint ProgramId)? ReadXdp(NetlinkAttributes attributes)
    {
        uint driver = 0, generic = 0, offloaded = 0;
        foreach (var attribute in attributes)
        {
            switch (attribute.Type)
            {
                case IFLA_XDP_DRV_PROG_ID: driver = attribute.Number<uint>(); break;
                case IFLA_XDP_SKB_PROG_ID: generic = attribute.Number<uint>(); break;
                case IFLA_XDP_HW_PROG_ID: offloaded = attribute.Number<uint>(); break;
            }
        }

        return (driver, generic, offloaded) switch
        {
            ( > 0, _, _) => (AttachMode.Native, driver),
            (_, > 0, _) => (AttachMode.Generic, generic),
            (_, _, > 0) => (AttachMode.Native, offloaded),
            _ => null,
        };
    }
}
