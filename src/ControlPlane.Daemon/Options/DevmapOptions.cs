using System.ComponentModel.DataAnnotations;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Options;

/// <summary>A devmap of the configuration; see <see cref="DevmapRecord"/>.</summary>
internal sealed class DevmapOptions
{
    /// <summary>The name, <c>[a-z][a-z0-9_]{0,14}</c>, different from those of all other devmaps.</summary>
    [Required(ErrorMessage = "must be set")]
    public string Name { get; set; } = "";

    /// <summary>The capacity in entries, 1 .. <see cref="LimitsOptions.MaxEntriesPerDevmap"/>.</summary>
    public long MaxEntries { get; set; } = DevmapSpec.DefaultMaxEntries;

    /// <summary>The size of a value: 8, or 4 for a devmap whose entries carry no egress program.</summary>
    [AllowedValues(4, 8, ErrorMessage = "must be 4 or 8")]
    public int ValueSize { get; set; } = 8;

    /// <summary>The NUMA node that the map is allocated on, or null for any.</summary>
    [Range(0, 1023, ErrorMessage = "must be {1} to {2}, or null for any")]
    public int? NumaNode { get; set; }

    /// <summary>The part of a frame that is its key.</summary>
    [KeySelectorName]
    public string KeySelector { get; set; } = Core.Model.KeySelector.IngressInterface.Name;

    /// <summary>The action for a frame whose key has no entry.</summary>
    public MissAction MissAction { get; set; } = MissAction.Pass;

    /// <summary>Whether the redirect program counts.</summary>
    public bool Counters { get; set; } = true;

    /// <summary>Whether the daemon attaches a pass program to a target that needs one to accept redirected frames.</summary>
    public EnsureTargets EnsureTargets { get; set; } = EnsureTargets.Auto;

    /// <summary>Whether the redirect program completes partial checksums in native mode.</summary>
    public CompleteChecksums CompleteChecksums { get; set; } = CompleteChecksums.Auto;

    /// <summary>Whether frames in tcx mode may go to the peer of a target directly.</summary>
    public RedirectPeer RedirectPeer { get; set; } = RedirectPeer.Auto;

    /// <summary>Returns the devmap as a definition of the core. Requires valid options.</summary>
    public DevmapRecord ToDefinition() =>
        new(Name, new DevmapSpec((uint)MaxEntries, (uint)ValueSize, (uint?)NumaNode, Core.Model.KeySelector.Set.Named(KeySelector), MissAction, Counters, EnsureTargets, CompleteChecksums, RedirectPeer));
}
