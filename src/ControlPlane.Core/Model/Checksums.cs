namespace ControlPlane.Core.Model;

/// <summary>Whether the redirect program completes partial checksums.</summary>
public enum CompleteChecksums
{
    /// <summary>It does on ingress interfaces whose frames can carry them: veth and tap.</summary>
    Auto,

    /// <summary>It does on every ingress interface in native mode.</summary>
    On,

    /// <summary>It does not.</summary>
    Off,
}

/// <summary>
/// Says where the redirect program completes checksums. A sender with checksum offload leaves only the sum of the pseudo-header in
/// the frame. In native mode a redirect loses the rest, which stands beside the frame; in the other modes the kernel keeps it.
/// </summary>
public static class ChecksumCompletion
{
    /// <summary>Returns whether the program completes the checksums of frames that arrive on this interface.</summary>
    public static bool IsDoneFor(DevmapSpec devmap, InterfaceInfo ingress, AttachMode mode) => mode == AttachMode.Native && devmap.CompleteChecksums switch
    {
        CompleteChecksums.On => true,
        CompleteChecksums.Auto => CanCarryPartial(ingress),
        _ => false,
    };

    /// <summary>Returns whether frames that arrive on this interface can carry partial checksums. Hardware receives whole ones.</summary>
    public static bool CanCarryPartial(InterfaceInfo ingress) => ingress.Kind is "veth" or "tun";
}
