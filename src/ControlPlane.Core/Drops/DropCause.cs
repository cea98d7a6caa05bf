namespace ControlPlane.Core.Drops;

/// <summary>Why the kernel dropped a frame that a redirect program had sent on its way.</summary>
public enum DropCause
{
    /// <summary>The target is administratively down (ENETDOWN).</summary>
    TargetDown,

    /// <summary>The frame is longer than the target's MTU allows (EMSGSIZE).</summary>
    FrameTooLong,

    /// <summary>The target takes no redirected frames (EOPNOTSUPP).</summary>
    NotAccepted,

    /// <summary>The target's peer is down (ENXIO).</summary>
    PeerDown,

    /// <summary>The egress program dropped it, or the driver did: no room, or too long for a veth's peer.</summary>
    NotSent,

    /// <summary>An XDP program returned what aborts.</summary>
    Aborted,

    /// <summary>Anything else; the errno says what.</summary>
    Other,
}
