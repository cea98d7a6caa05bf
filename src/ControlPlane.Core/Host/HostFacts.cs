namespace ControlPlane.Core.Host;

/// <summary>What the kernel port knows of the host; probed once.</summary>
/// <param name="KernelRelease">The running kernel's release, as <c>uname -r</c>.</param>
/// <param name="Machine">The machine's architecture, as <c>uname -m</c>.</param>
/// <param name="LibbpfVersion">The version of the loaded libbpf.so.1; null when simulated.</param>
/// <param name="Simulated">Whether the kernel is the simulated one and no frame will ever move.</param>
/// <param name="Features">What was probed.</param>
public sealed record HostFacts(
    string KernelRelease,
    string Machine,
    string? LibbpfVersion,
    bool Simulated,
    IReadOnlyList<KernelFeature> Features);
