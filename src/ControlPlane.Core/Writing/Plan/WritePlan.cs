using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>The effects of a command, as a value. It is made against the state before its batch and changes nothing.</summary>
/// <param name="Footprint">The keys that the plan depends on and changes.</param>
/// <param name="Placements">The resources that the plan moves. If the kernel refuses one step, all steps are undone.</param>
/// <param name="Revision">The revision of the plan's last change.</param>
internal sealed record WritePlan(Footprint Footprint, IReadOnlyList<Placement> Placements, long Revision)
{
    /// <summary>The keys to bring in line with the desired state after the placements. A refusal there does not undo the plan.</summary>
    public IReadOnlyList<ResourceKey> Converge { get; init; } = [];

    /// <summary>The changes for watchers, if they are not one for each placement.</summary>
    public IReadOnlyList<Change>? Reports { get; init; }

    /// <summary>The steps in which the kernel follows after the plan, in slices. The command is answered after the last slice.</summary>
    public IReadOnlyList<ResourceKey> Rest { get; init; } = [];

    /// <summary>
    /// The table that must be built beside the active one before the plan can be committed; null if there is none. The placements are those of that commit, and
    /// one of them switches. The command is planned again when the table is there.
    /// </summary>
    public CandidateTable? Candidate { get; init; }

    /// <summary>Returns the changes of the store.</summary>
    /// <param name="origin">Who makes them.</param>
    public IEnumerable<StoreChange> StoreChanges(ChangeOrigin origin)
    {
        foreach (var placement in Placements)
        {
            if (placement.Store is { } change)
                yield return change with { Revision = RevisionOf(change), Origin = origin };
        }
    }

    /// <summary>The devmaps whose settings, entries or attachments the plan changes.</summary>
    public IEnumerable<DevmapId> Devmaps => Placements.Select(p => p switch
    {
        Placement.OfEntry entry when !ReferenceEquals(entry.Before, entry.After) => entry.Devmap,
        Placement.OfSwap swap => swap.Devmap,
        Placement.OfAttachment attachment when !ReferenceEquals(attachment.Before, attachment.After) => attachment.Devmap,
        Placement.OfDevmap devmap when devmap.Before != devmap.After => devmap.Devmap,
        _ => null,
    }).Append(Candidate?.Devmap).OfType<DevmapId>().Distinct();

    /// <summary>Whether the plan changes the desired state.</summary>
    public bool ChangesState => Placements.Any(p => p is not (Placement.OfCall or Placement.OfCallPart) && p.Store is not null);

    /// <summary>Returns the changes that take <see cref="StoreChanges"/> back, without a revision of their own.</summary>
    /// <param name="origin">Who made the changes, and why they are taken back.</param>
    public IEnumerable<StoreChange> Revert(ChangeOrigin origin)
    {
        foreach (var placement in Placements)
        {
            if (placement.Revert is { } change)
                yield return change with { Origin = origin, Voids = placement.Store is { } refused ? RevisionOf(refused) : 0 };
        }
    }

    // A call that writes to several devmaps can have a revision for each.
    private long RevisionOf(StoreChange change) => change.After is { Revision: > 0 } after ? after.Revision : Revision;
}

/// <summary>A table to be built beside the active one of a devmap.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Definition">The settings of the devmap with the table.</param>
/// <param name="Entries">All entries of the table.</param>
internal sealed record CandidateTable(DevmapId Devmap, DevmapRecord Definition, EntryTable Entries);

/// <summary>The outcome of a plan.</summary>
/// <param name="Placements">The placements with what their steps have made.</param>
/// <param name="Revision">The revision of the plan's last change.</param>
/// <param name="Refused">The refusals of the kernel in <see cref="WritePlan.Converge"/>, with the reasons.</param>
internal sealed record Outcome(IReadOnlyList<Placement> Placements, long Revision, IReadOnlyDictionary<ResourceKey, string> Refused);

/// <summary>The things that can be brought in line with the desired state.</summary>
internal abstract record ResourceKey
{
    private ResourceKey()
    {
    }

    /// <summary>Most entries in one step.</summary>
    public const int MostEntries = 256;

    /// <summary>Returns steps for entries.</summary>
    public static IEnumerable<ResourceKey> StepsFor(IEnumerable<EntryId> entries) => entries.Chunk(MostEntries).Select(ids => new Entries(ids));

    /// <summary>Entries, as many as one step takes.</summary>
    internal sealed record Entries(IReadOnlyList<EntryId> Ids) : ResourceKey;

    /// <summary>Elements, as many as one step takes: those of no entry are deleted.</summary>
    internal sealed record Elements(DevmapId Devmap, IReadOnlyList<uint> KernelKeys) : ResourceKey;

    /// <summary>Elements of the table that is built beside the active one of a devmap, as many as one step takes.</summary>
    internal sealed record Candidate(DevmapId Devmap, IReadOnlyList<uint> KernelKeys) : ResourceKey;

    /// <summary>The links that attachments to an interface of this name have left on an interface that has another name now.</summary>
    internal sealed record StaleLinks(string Name) : ResourceKey;

    /// <summary>The pass program on this interface.</summary>
    internal sealed record PassProgram(string Device) : ResourceKey;

    /// <summary>The pass program that this interface needs as a target, or carries for one.</summary>
    internal sealed record Target(string Name) : ResourceKey;

    /// <summary>An element: it becomes what its entry says, or is deleted if there is no entry.</summary>
    internal sealed record Element(ElementId Id) : ResourceKey;

    /// <summary>A kernel key that has become free: an entry that waits for it takes it.</summary>
    internal sealed record FreedKey(ElementId Id) : ResourceKey;

    /// <summary>The link of an attachment.</summary>
    internal sealed record Attachment(DevmapId Devmap, string Interface) : ResourceKey;

    /// <summary>The promiscuity of all interfaces: which attachments run where decides it.</summary>
    internal sealed record Promiscuity : ResourceKey;

    /// <summary>The pins of everything.</summary>
    internal sealed record Pins : ResourceKey;

    /// <summary>The kernel objects of a devmap that may have been deleted.</summary>
    internal sealed record RemovedDevmap(string Name) : ResourceKey;

    /// <summary>The slot in which a devmap's redirect program finds its map.</summary>
    internal sealed record Slot(DevmapId Devmap) : ResourceKey;
}
