using System.Runtime.InteropServices;

namespace ControlPlane.Kernel.Native;

#pragma warning disable CS8981 // the names of the C structs

/// <summary>Constants of the netlink protocols, under their C names.</summary>
internal static class NetlinkConstants
{
    // linux/netlink.h
    public const int NETLINK_ROUTE = 0;
    public const int NETLINK_GENERIC = 16;
    public const int SOL_NETLINK = 270;
    public const int NETLINK_ADD_MEMBERSHIP = 1;
    public const ushort NLMSG_ERROR = 2;
    public const ushort NLMSG_DONE = 3;
    public const ushort NLM_F_REQUEST = 0x1;
    public const ushort NLM_F_ACK = 0x4;
    public const ushort NLM_F_DUMP_INTR = 0x10;
    public const ushort NLM_F_DUMP = 0x300;
    public const ushort NLA_TYPE_MASK = 0x3fff;

    // linux/rtnetlink.h, linux/if_link.h, linux/if.h
    public const ushort RTM_NEWLINK = 16;
    public const ushort RTM_DELLINK = 17;
    public const ushort RTM_GETLINK = 18;
    public const ushort RTM_SETLINK = 19;
    public const uint RTNLGRP_LINK = 1;
    public const byte AF_UNSPEC = 0;
    public const uint IFF_UP = 0x1;
    public const uint IFF_PROMISC = 0x100;
    public const uint IFF_LOWER_UP = 0x10000;
    public const ushort IFLA_ADDRESS = 1;
    public const ushort IFLA_IFNAME = 3;
    public const ushort IFLA_MTU = 4;
    public const ushort IFLA_LINK = 5;
    public const ushort IFLA_LINKINFO = 18;
    public const ushort IFLA_INFO_KIND = 1;
    public const ushort IFLA_INFO_DATA = 2;
    public const ushort IFLA_TUN_VNET_HDR = 5;
    public const ushort IFLA_VLAN_ID = 1;
    public const ushort IFLA_VLAN_PROTOCOL = 5;
    public const ushort ETH_P_8021Q = 0x8100;
    public const ushort IFLA_EXT_MASK = 29;
    public const uint RTEXT_FILTER_SKIP_STATS = 8;
    public const ushort IFLA_LINK_NETNSID = 37;
    public const ushort IFLA_PROMISCUITY = 30;
    public const ushort IFLA_NUM_TX_QUEUES = 31;
    public const ushort IFLA_NUM_RX_QUEUES = 32;
    public const ushort IFLA_XDP = 43;
    public const ushort IFLA_TARGET_NETNSID = 46;
    public const ushort IFLA_MAX_MTU = 51;
    public const ushort IFLA_PROP_LIST = 52;
    public const ushort IFLA_ALT_IFNAME = 53;
    public const ushort IFLA_PARENT_DEV_NAME = 56;
    public const ushort ARPHRD_ETHER = 1;
    public const ushort ARPHRD_LOOPBACK = 772;
    public const ushort IFLA_XDP_DRV_PROG_ID = 5;
    public const ushort IFLA_XDP_SKB_PROG_ID = 6;
    public const ushort IFLA_XDP_HW_PROG_ID = 7;

    // linux/net_namespace.h, linux/rtnetlink.h
    public const ushort RTM_NEWNSID = 88;
    public const ushort RTM_GETNSID = 90;
    public const ushort NETNSA_NSID = 1;
    public const ushort NETNSA_FD = 3;

    // linux/genetlink.h
    public const ushort GENL_ID_CTRL = 16;
    public const byte CTRL_CMD_GETFAMILY = 3;
    public const ushort CTRL_ATTR_FAMILY_ID = 1;
    public const ushort CTRL_ATTR_FAMILY_NAME = 2;
    public const ushort CTRL_ATTR_MCAST_GROUPS = 7;
    public const ushort CTRL_ATTR_MCAST_GRP_NAME = 1;
    public const ushort CTRL_ATTR_MCAST_GRP_ID = 2;

    // linux/netdev.h
    public const byte NETDEV_CMD_DEV_GET = 1;
    public const ushort NETDEV_A_DEV_IFINDEX = 1;
    public const ushort NETDEV_A_DEV_XDP_FEATURES = 3;
}

/// <summary><c>struct sockaddr_nl</c> (linux/netlink.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct sockaddr_nl
{
    public ushort nl_family;
    public ushort nl_pad;
    public uint nl_pid;
    public uint nl_groups;
}

/// <summary><c>struct nlmsghdr</c> (linux/netlink.h): the header of every message.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct nlmsghdr
{
    public uint nlmsg_len;
    public ushort nlmsg_type;
    public ushort nlmsg_flags;
    public uint nlmsg_seq;
    public uint nlmsg_pid;
}

/// <summary><c>struct nlattr</c> (linux/netlink.h): the header of every attribute.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct nlattr
{
    public ushort nla_len;
    public ushort nla_type;
}

/// <summary><c>struct ifinfomsg</c> (linux/rtnetlink.h): the first part of a link message's payload.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ifinfomsg
{
    public byte ifi_family;
    public byte __ifi_pad;
    public ushort ifi_type;
    public int ifi_index;
    public uint ifi_flags;
    public uint ifi_change;
}

/// <summary><c>struct genlmsghdr</c> (linux/genetlink.h): the first part of a generic netlink message's payload.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct genlmsghdr
{
    public byte cmd;
    public byte version;
    public ushort reserved;
}
