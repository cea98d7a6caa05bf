namespace ControlPlane.Core.Interfaces;

/// <summary>What a driver can do with XDP: <c>enum netdev_xdp_act</c>, since Linux 6.3.</summary>
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
