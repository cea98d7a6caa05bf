using System.ComponentModel.DataAnnotations;
using ControlPlane.Core.Devmaps;

namespace ControlPlane.Daemon.Options;

/// <summary>A devmap as it is to be; see <see cref="DevmapDefinition"/>.</summary>
internal sealed class DevmapOptions
{
    /// <summary>Its name, <c>[a-z][a-z0-9_]{0,14}</c>; no other devmap may have it.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>Capacity, 1 .. <see cref="LimitsOptions.MaxEntriesPerDevmap"/>.</summary>
    public long MaxEntries { get; set; } = 65_536;

    /// <summary>8, or 4 for a map whose entries carry no egress program.</summary>
    [AllowedValues(4, 8, ErrorMessage = "must be 4 or 8")]
    public int ValueSize { get; set; } = 8;

    /// <summary>The NUMA node to allocate on, or null for any.</summary>
    [Range(0, 1023, ErrorMessage = "must be {1} to {2}, or null for any")]
    public int? NumaNode { get; set; }

    /// <summary>What the key of a frame is.</summary>
    public KeySelector KeySelector { get; set; } = KeySelector.IngressInterface;

    /// <summary>What happens to a frame whose key has no entry.</summary>
    public MissAction MissAction { get; set; } = MissAction.Pass;

    /// <summary>Whether the redirect program counts.</summary>
    public bool Counters { get; set; } = true;

    /// <summary>Whether the daemon makes targets accept redirected frames.</summary>
    public EnsureTargets EnsureTargets { get; set; } = EnsureTargets.Auto;

    /// <summary>The devmap in the core's terms. Only for validated options.</summary>
    public DevmapDefinition ToDefinition() =>
        new(Name, (uint)MaxEntries, (uint)ValueSize, (uint?)NumaNode, KeySelector, MissAction, Counters, EnsureTargets);
}
