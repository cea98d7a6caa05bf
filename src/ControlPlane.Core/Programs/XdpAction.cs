namespace ControlPlane.Core.Programs;

/// <summary>What an XDP program says shall become of a frame: <c>enum xdp_action</c>.</summary>
public enum XdpAction
{
    /// <summary><c>XDP_ABORTED</c>: drop, and fire the <c>xdp_exception</c> tracepoint.</summary>
    Aborted = 0,

    /// <summary><c>XDP_DROP</c>: drop.</summary>
    Drop = 1,

    /// <summary><c>XDP_PASS</c>: on to the stack, or for an egress program out by the target.</summary>
    Pass = 2,

    /// <summary><c>XDP_TX</c>: back out of the interface it came in by.</summary>
    Tx = 3,

    /// <summary><c>XDP_REDIRECT</c>: to where a map says.</summary>
    Redirect = 4,
}
