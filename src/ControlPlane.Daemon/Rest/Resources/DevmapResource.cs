using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>
/// A devmap: a `BPF_MAP_TYPE_DEVMAP_HASH` and the XDP program that redirects by it. Declared in the daemon's configuration.
/// </summary>
internal sealed class DevmapResource
{
    /// <summary>Its name, `[a-z][a-z0-9_]{0,14}`.</summary>
    /// <example>default</example>
    public required string Name { get; init; }

    /// <summary>Capacity in entries, 1 up to the configured limit.</summary>
    /// <example>65536</example>
    public required uint MaxEntries { get; init; }

    /// <summary>Size of the kernel's value in bytes: 8 (with egress programs) or 4 (an ifindex alone).</summary>
    /// <example>8</example>
    public required uint ValueSize { get; init; }

    /// <summary>The NUMA node the map is allocated on; null for any.</summary>
    /// <example>null</example>
    public required uint? NumaNode { get; init; }

    /// <summary>
    /// What the key of a frame is. `ingressInterface`: the interface it came in by, written as its name. `vlan`: the outer VLAN
    /// id, 0 if untagged. `ipv4Destination`: the destination address, written as a dotted quad.
    /// </summary>
    /// <example>ingressInterface</example>
    public required KeySelector KeySelector { get; init; }

    /// <summary>
    /// What happens to a frame whose key has no entry. `pass`: it goes to the host's network stack. `drop`: it is dropped.
    /// `abort`: it is dropped and the tracepoint `xdp_exception` fires.
    /// </summary>
    /// <example>pass</example>
    public required MissAction MissAction { get; init; }

    /// <summary>Whether the redirect program counts; fixed when it is loaded.</summary>
    /// <example>true</example>
    public required bool Counters { get; init; }

    /// <summary>
    /// Whether the daemon makes targets accept redirected frames. `auto`: it attaches a program that passes every frame where a target needs
    /// one (a veth's peer, or the device itself) and that has none, and detaches it when no entry needs it any more. `off`: it does not.
    /// </summary>
    /// <example>auto</example>
    public required EnsureTargets EnsureTargets { get; init; }

    /// <summary>The revision of the devmap's last change.</summary>
    /// <example>1</example>
    public required long Revision { get; init; }

    /// <summary>What is true of it at the moment of the answer.</summary>
    public required DevmapStatusResource Status { get; init; }

    public static DevmapResource From(ControlPlane.Core.Model.Devmap view) => new()
    {
        Name = view.Name,
        MaxEntries = view.Spec.MaxEntries,
        ValueSize = view.Spec.ValueSize,
        NumaNode = view.Spec.NumaNode,
        KeySelector = view.Spec.KeySelector,
        MissAction = view.Spec.MissAction,
        Counters = view.Spec.Counters,
        EnsureTargets = view.Spec.EnsureTargets,
        Revision = view.Revision,
        Status = DevmapStatusResource.From(view),
    };
}
