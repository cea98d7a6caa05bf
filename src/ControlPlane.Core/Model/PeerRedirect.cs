namespace ControlPlane.Core.Model;

/// <summary>Whether frames in tcx mode may go to the peer of a target directly (<c>bpf_redirect_peer</c>).</summary>
public enum RedirectPeer
{
    /// <summary>They do where the peer is in another network namespace and nothing at the target's egress would be skipped.</summary>
    Auto,

    /// <summary>They do not.</summary>
    Off,
}

/// <summary>
/// Whether frames for a target go to its peer directly, and the first reason why not. Values below 100 are those of
/// <c>enum devmapd_peer_use</c>: the redirect program judges each frame.
/// </summary>
public enum PeerUse
{
    /// <summary>They go to the peer directly.</summary>
    Used = 0,

    /// <summary>The kernel has no element for the key.</summary>
    NoEntry = 1,

    /// <summary>The target is no veth.</summary>
    NotVeth = 2,

    /// <summary>The redirect program does not find the peer.</summary>
    Unseen = 3,

    /// <summary>The peer is in the daemon's own network namespace.</summary>
    SameNamespace = 4,

    /// <summary>The target or its peer is down.</summary>
    Down = 5,

    /// <summary>The target has a queueing discipline.</summary>
    Qdisc = 6,

    /// <summary>A tcx program or a clsact qdisc is at the target's egress.</summary>
    EgressProgram = 7,

    /// <summary>A packet socket sees what the target sends.</summary>
    Listener = 8,

    /// <summary>The peer has a native XDP program.</summary>
    Xdp = 9,

    /// <summary>The devmap does not want it.</summary>
    Off = 100,

    /// <summary>The host cannot do it, or does not show the hooks at a target's egress.</summary>
    NotSupported = 101,
}
