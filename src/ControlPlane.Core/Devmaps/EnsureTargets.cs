namespace ControlPlane.Core.Devmaps;

/// <summary>Whether the daemon itself makes targets accept redirected frames.</summary>
public enum EnsureTargets
{
    /// <summary>
    /// It attaches a program that passes every frame where a target needs one to accept redirected frames and that interface has
    /// none, and detaches it when no entry needs it any more.
    /// </summary>
    Auto,

    /// <summary>It does not.</summary>
    Off,
}
