namespace ControlPlane.Core.Auditing;

/// <summary>One difference between the kernel and what is wanted, that no request, link event or start accounts for.</summary>
/// <param name="Kind">What kind of difference.</param>
/// <param name="Key">The entry's key in its canonical text form, or the kernel key of a foreign element; null for an attachment.</param>
/// <param name="KernelKey">The key in the kernel's map; null for an attachment.</param>
/// <param name="Interface">The ingress interface of an attachment; null for an element.</param>
/// <param name="Found">What the kernel had; null when it had nothing.</param>
/// <param name="Wanted">What it is to have; null when it is to have nothing.</param>
/// <param name="Repaired">Whether the kernel is now as wanted.</param>
/// <param name="Failure">Why it is not, though repair was asked for; null otherwise.</param>
public sealed record Drift(
    DriftKind Kind,
    string? Key,
    uint? KernelKey,
    string? Interface,
    DriftElement? Found,
    DriftElement? Wanted,
    bool Repaired,
    string? Failure);
