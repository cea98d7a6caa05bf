namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>A kernel feature as probed: tried, never concluded from a version.</summary>
internal sealed class KernelFeatureResource
{
    /// <summary>Its stable name.</summary>
    /// <example>devmap_hash</example>
    public required string Name { get; init; }

    /// <summary>Whether the probe succeeded.</summary>
    /// <example>true</example>
    public required bool Available { get; init; }

    /// <summary>The Linux version that brought it.</summary>
    /// <example>5.4</example>
    public required string Since { get; init; }

    /// <summary>Why the probe failed; null when it succeeded.</summary>
    /// <example>null</example>
    public required string? Detail { get; init; }
}
