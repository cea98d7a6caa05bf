namespace ControlPlane.Core.Host;

/// <summary>The host and the daemon as the API shows them.</summary>
/// <param name="Facts">What the kernel port knows.</param>
/// <param name="DaemonVersion">The daemon's version.</param>
/// <param name="StartedAt">When the daemon started.</param>
/// <param name="Revision">The daemon's revision: the number of accepted changes.</param>
public sealed record HostView(HostFacts Facts, string DaemonVersion, DateTimeOffset StartedAt, long Revision);
