namespace ControlPlane.Core.Devmaps;

/// <summary>
/// What happens to a frame whose key has no entry. The values are those of <c>enum xdp_action</c>, as
/// <c>bpf_redirect_map</c> takes them in its flags.
/// </summary>
public enum MissAction
{
    /// <summary><c>XDP_ABORTED</c>: drop, and fire the <c>xdp_exception</c> tracepoint.</summary>
    Abort = 0,

    /// <summary><c>XDP_DROP</c>: drop.</summary>
    Drop = 1,

    /// <summary><c>XDP_PASS</c>: hand the frame to the network stack.</summary>
    Pass = 2,
}
