using ControlPlane.Core.Model;

namespace ControlPlane.Kernel.Objects;

/// <summary>The programs of one devmap. They share all maps, and each is pinned under its own name.</summary>
internal enum RedirectProgram
{
    /// <summary>For XDP, where checksums are complete or the kernel completes them.</summary>
    Plain,

    /// <summary>For XDP in native mode, where frames can carry partial checksums.</summary>
    Completing,

    /// <summary>For tcx. Where the kernel has no tcx there is none.</summary>
    Tcx,
}

/// <summary>Tells the programs of a devmap apart.</summary>
internal static class RedirectPrograms
{
    /// <summary>The programs for XDP, in the order in which they are pinned. The last pin decides an upgrade.</summary>
    public static IReadOnlyList<RedirectProgram> Xdp { get; } = [RedirectProgram.Completing, RedirectProgram.Plain];

    /// <summary>Returns the name of a program in its BPF object.</summary>
    public static string FunctionOf(RedirectProgram program) => program switch
    {
        RedirectProgram.Completing => "devmapd_complete",
        RedirectProgram.Tcx => "devmapd_tcx",
        _ => "devmapd_ingress",
    };

    /// <summary>Returns the program that an ingress interface runs.</summary>
    public static RedirectProgram For(DevmapSpec devmap, InterfaceInfo ingress, AttachMode mode) => mode switch
    {
        AttachMode.Tcx => RedirectProgram.Tcx,
        _ when ChecksumCompletion.IsDoneFor(devmap, ingress, mode) => RedirectProgram.Completing,
        _ => RedirectProgram.Plain,
    };
}
