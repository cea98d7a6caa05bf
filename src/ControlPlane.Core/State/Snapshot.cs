using System.Collections.Immutable;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>All that the daemon knows at one moment. Immutable: an answer that uses one snapshot never shows half of a batch.</summary>
internal sealed record Snapshot
{
    /// <summary>The snapshot of a daemon that has not started.</summary>
    public static Snapshot Empty { get; } = new();

    /// <summary>The revision of the last change that is durable, in the kernel and visible.</summary>
    public long Revision { get; init; }

    /// <summary>Whether the daemon has started and the kernel does not have everything as desired yet.</summary>
    public bool IsRestoring { get; init; }

    /// <summary>The devmaps by name.</summary>
    public ImmutableSortedDictionary<string, DevmapState> Devmaps { get; init; } =
        ImmutableSortedDictionary.Create<string, DevmapState>(StringComparer.Ordinal);

    /// <summary>The egress programs by name.</summary>
    public ImmutableSortedDictionary<string, PlacedProgram> Programs { get; init; } =
        ImmutableSortedDictionary.Create<string, PlacedProgram>(StringComparer.Ordinal);

    /// <summary>The interfaces whose entries carry different egress programs.</summary>
    public ImmutableDictionary<string, ProgramConflict> Conflicts { get; init; } = ImmutableDictionary.Create<string, ProgramConflict>(StringComparer.Ordinal);

    /// <summary>Counts the changes of attachments over all devmaps: snapshots with the same number have the same ones.</summary>
    public long AttachmentsVersion { get; init; }

    /// <summary>The interfaces that entries send to, and a summary of those entries.</summary>
    public ImmutableDictionary<string, TargetSummary> Targets { get; init; } = ImmutableDictionary.Create<string, TargetSummary>(StringComparer.Ordinal);

    /// <summary>The interfaces that carry a pass program or must carry one, by the name it was attached under.</summary>
    public ImmutableDictionary<string, PlacedPassProgram> PassPrograms { get; init; } =
        ImmutableDictionary.Create<string, PlacedPassProgram>(StringComparer.Ordinal);

    /// <summary>The interfaces that the daemon made promiscuous, or could not make promiscuous, by index.</summary>
    public ImmutableDictionary<uint, PlacedPromiscuity> Promiscuity { get; init; } = ImmutableDictionary<uint, PlacedPromiscuity>.Empty;

    /// <summary>The tokens.</summary>
    public TokenTable Tokens { get; init; } = TokenTable.Empty;

    /// <summary>The leases by name.</summary>
    public ImmutableSortedDictionary<string, PlacedLease> Leases { get; init; } = ImmutableSortedDictionary.Create<string, PlacedLease>(StringComparer.Ordinal);

    /// <summary>Returns the devmap of this name.</summary>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.DevmapNotFound"/>.</exception>
    public DevmapState Devmap(string name) => Devmaps.GetValueOrDefault(name) ?? throw new ControlPlaneException(DevmapErrors.NotFound(name));

    /// <summary>Returns the devmap of this name and generation, or null.</summary>
    public DevmapState? Find(DevmapId id) => Devmaps.GetValueOrDefault(id.Name) is { } devmap && devmap.Id == id ? devmap : null;

    /// <summary>Returns the pass program for a target; null if the target needs none.</summary>
    public PlacedPassProgram? PassProgramFor(InterfaceInfo target, InterfaceTable interfaces) =>
        interfaces.FindEnabler(target) is { } enabler ? PassPrograms.GetValueOrDefault(enabler.Name) : null;

    /// <summary>Returns the kernel's id of an egress program; 0 for none and for an unknown one.</summary>
    public uint ProgramId(string? program) => program is null ? 0 : Programs.GetValueOrDefault(program)?.Loaded.ProgramId ?? 0;

    /// <summary>Returns the template of an egress program; null for none and for an unknown one.</summary>
    public EgressTemplate? TemplateOf(string? program) =>
        program is null ? null : Programs.GetValueOrDefault(program)?.Loaded.Config.Template;

    /// <summary>Returns the highest revision among the entries that send to an interface; 0 if none does.</summary>
    public long RevisionOf(string interfaceName) => Targets.GetValueOrDefault(interfaceName)?.Revision ?? 0;
}

/// <summary>
/// The identity of a devmap: the object itself. A devmap that is removed and made again has another one, so that waiting work cannot mistake
/// it. Each entry has it in several places, so it is one word.
/// </summary>
/// <param name="name">The name.</param>
/// <param name="selector">The key selector, which never changes; null for an identity that stands for no devmap.</param>
internal sealed class DevmapId(string name, KeySelector? selector)
{
    /// <summary>The name.</summary>
    public string Name => name;

    /// <summary>The key selector.</summary>
    public KeySelector Selector => selector ?? throw new InvalidOperationException($"{name} is no devmap");

    /// <inheritdoc/>
    public override string ToString() => name;
}

/// <summary>One devmap in a snapshot: its desired state and where that stands in the kernel. Immutable.</summary>
/// <param name="Id">The identity.</param>
/// <param name="Definition">The settings.</param>
/// <param name="Revision">The revision of the last change of anything in the devmap.</param>
/// <param name="Entries">The entries.</param>
/// <param name="Attachments">The attachments by the interface's name.</param>
internal sealed record DevmapState(
    DevmapId Id,
    DevmapRecord Definition,
    long Revision,
    EntryTable Entries,
    ImmutableSortedDictionary<string, PlacedAttachment> Attachments)
{
    /// <summary>The entries, counted by what their state depends on.</summary>
    public ImmutableDictionary<EntryGroup, int> Groups { get; init; } = ImmutableDictionary<EntryGroup, int>.Empty;

    /// <summary>When the redirect program came to interfaces, and left them.</summary>
    public IngressTimes Ingresses { get; init; } = IngressTimes.None;

    /// <summary>The change of many entries that the kernel still follows; null if there is none.</summary>
    public OpenTable? Open { get; init; }

    /// <summary>When the keys began to be spread over the buckets of the kernel's hash, or to collide.</summary>
    public DateTimeOffset SpreadSince { get; init; }

    /// <summary>How much room the devmap has.</summary>
    public CapacityLevel Room { get; init; }

    /// <summary>When the room came to be so.</summary>
    public DateTimeOffset RoomSince { get; init; }

    /// <summary>Returns the entry that a key means: by identity or, for a number, by the kernel key. Null if there is none.</summary>
    public PlacedEntry? Find(EntryKey key) => key.InterfaceName is null ? Entries.Find(key.Number) : Entries.Find(key);

    /// <summary>Returns the entry that a key means, under whichever of the interface's names it is stored; null if there is none.</summary>
    public PlacedEntry? Find(EntryKey key, InterfaceTable interfaces) => key.InterfaceName is { } name
        ? interfaces.NamesOf(name).Select(n => Entries.Find(EntryKey.OfInterface(n))).FirstOrDefault(e => e is not null)
        : Find(key);

    /// <summary>Returns the attachment to an interface, under whichever of the interface's names it is stored; null if there is none.</summary>
    public PlacedAttachment? FindAttachment(string interfaceName, InterfaceTable interfaces) =>
        interfaces.NamesOf(interfaceName).Select(n => Attachments.GetValueOrDefault(n)).FirstOrDefault(a => a is not null);
}

/// <summary>The identity of an entry over all devmaps.</summary>
internal readonly record struct EntryId(DevmapId Devmap, EntryKey Key);

/// <summary>An element of a kernel map, by its devmap and its kernel key.</summary>
internal readonly record struct ElementId(DevmapId Devmap, uint KernelKey);
