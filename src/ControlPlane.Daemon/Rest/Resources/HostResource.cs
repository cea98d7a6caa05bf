using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The host and the daemon.</summary>
internal sealed class HostResource
{
    /// <summary>The running kernel's release, as `uname -r` prints it.</summary>
    /// <example>6.18.0</example>
    public required string KernelRelease { get; init; }

    /// <summary>The machine's architecture, as `uname -m` prints it.</summary>
    /// <example>x86_64</example>
    public required string Machine { get; init; }

    /// <summary>The version of the loaded libbpf; null when the kernel is simulated.</summary>
    /// <example>1.1.2</example>
    public required string? LibbpfVersion { get; init; }

    /// <summary>The daemon's version.</summary>
    /// <example>0.1.0</example>
    public required string DaemonVersion { get; init; }

    /// <summary>Whether the kernel is the simulated one, so that no frame will ever move.</summary>
    /// <example>false</example>
    public required bool Simulated { get; init; }

    /// <summary>When the daemon started (UTC).</summary>
    /// <example>2026-01-01T11:59:00Z</example>
    public required DateTime StartedAt { get; init; }

    /// <summary>The daemon's revision: the number of changes it has accepted.</summary>
    /// <example>44</example>
    public required long Revision { get; init; }

    /// <summary>The kernel features, as probed at start.</summary>
    public required IEnumerable<KernelFeatureResource> Features { get; init; }

    public static HostResource From(HostView view) => new()
    {
        KernelRelease = view.Facts.KernelRelease,
        Machine = view.Facts.Machine,
        LibbpfVersion = view.Facts.LibbpfVersion,
        DaemonVersion = view.DaemonVersion,
        Simulated = view.Facts.Simulated,
        StartedAt = view.StartedAt.UtcDateTime,
        Revision = view.Revision,
        Features = view.Facts.Features.Select(f => new KernelFeatureResource
        {
            Name = f.Name,
            Available = f.Available,
            Since = f.Since,
            Detail = f.Detail,
        }),
    };
}
