using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>Frames that were redirected to a device and did not leave it, for one cause.</summary>
internal sealed class TargetDropsResource
{
    /// <summary>The target's index.</summary>
    /// <example>2</example>
    public required uint Ifindex { get; init; }

    /// <summary>Its name; null when it is gone.</summary>
    /// <example>eth0</example>
    public required string? Interface { get; init; }

    /// <summary>How many, and why.</summary>
    public required DropCountResource Drops { get; init; }

    public static TargetDropsResource From(TargetDrops drops) =>
        new() { Ifindex = drops.Ifindex, Interface = drops.Interface, Drops = DropCountResource.From(drops.Count) };
}
