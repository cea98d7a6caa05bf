namespace ControlPlane.Core.Host;

/// <summary>A kernel feature, as probed: tried, never concluded from a version string.</summary>
/// <param name="Name">Its stable name (<see cref="KernelFeatureNames"/>).</param>
/// <param name="Available">Whether the probe succeeded.</param>
/// <param name="Since">The kernel version that brought it, for instance <c>5.8</c>.</param>
/// <param name="Detail">Why the probe failed; null when it succeeded.</param>
public sealed record KernelFeature(string Name, bool Available, string Since, string? Detail);
