using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>
/// The order in which the placements of a table happen. A deletion comes last, so that frames miss no entry before the new ones are there; unless
/// another entry needs its kernel key, or its room.
/// </summary>
internal static class TableOrder
{
    /// <summary>Returns placements in the order of their kernel steps.</summary>
    public static IEnumerable<Placement.OfEntry> OfSteps(WorkingDevmap devmap, IReadOnlyCollection<Placement.OfEntry> placements)
    {
        var early = EarlyDeletions(devmap, placements);
        return placements.OrderBy(p => p.After is null ? (early.Contains(p.Before!.Record.Key) ? 0 : 3) : Leaves(p) ? 1 : 2);
    }

    /// <summary>Returns placements in the order in which the table of the devmap takes them: a kernel key is free before another entry has it.</summary>
    public static IEnumerable<Placement.OfEntry> OfState(IReadOnlyCollection<Placement.OfEntry> placements) =>
        placements.OrderBy(p => p.After is null ? 0 : Leaves(p) ? 1 : 2);

    /// <summary>Returns the steps in which the kernel follows placements that have none, and the placement of the change as a whole.</summary>
    /// <param name="devmap">The devmap, before the placements.</param>
    /// <param name="placements">The placements.</param>
    public static (Placement.OfTable Table, IReadOnlyList<ResourceKey> Steps) Later(WorkingDevmap devmap, IReadOnlyCollection<Placement.OfEntry> placements)
    {
        var taken = placements.Select(p => p.After?.KernelKey).OfType<uint>().ToHashSet();
        var early = EarlyDeletions(devmap, placements);
        List<uint> first = [], last = [];
        foreach (var placement in placements.Where(p => Leaves(p) && !taken.Contains(p.Before!.KernelKey!.Value)))
            (placement.After is not null || early.Contains(placement.Before!.Record.Key) ? first : last).Add(placement.Before!.KernelKey!.Value);
        var table = new Placement.OfTable(devmap.Id, new OpenTable(first.Concat(last).ToHashSet()));
        var puts = placements.Where(p => p.After is not null).Select(p => new EntryId(devmap.Id, p.After!.Record.Key));
        return (table, [.. Elements(first), .. ResourceKey.StepsFor(puts), .. Elements(last)]);

        IEnumerable<ResourceKey> Elements(List<uint> keys) => keys.Chunk(ResourceKey.MostEntries).Select(k => new ResourceKey.Elements(devmap.Id, k));
    }

    private static HashSet<EntryKey> EarlyDeletions(WorkingDevmap devmap, IReadOnlyCollection<Placement.OfEntry> placements)
    {
        var taken = placements.Select(p => p.After?.KernelKey).OfType<uint>().ToHashSet();
        var deletions = placements.Where(p => p is { After: null, Before.KernelKey: not null }).ToList();
        var early = deletions.Where(p => taken.Contains(p.Before!.KernelKey!.Value)).Select(p => p.Before!.Record.Key).ToHashSet();
        var room = devmap.Definition.Spec.MaxEntries - devmap.Entries.Count + early.Count;
        var missing = placements.Count(p => p is { Before: null, After.KernelKey: not null }) - room;
        early.UnionWith(deletions.Select(p => p.Before!.Record.Key).Where(k => !early.Contains(k)).Take((int)Math.Max(0, missing)).ToList());
        return early;
    }

    private static bool Leaves(Placement.OfEntry placement) => placement.Before?.KernelKey is { } key && key != placement.After?.KernelKey;
}

/// <summary>Takes a table back that the kernel has refused.</summary>
internal static class TableReturn
{
    /// <summary>Returns the placements that give entries the specs that they had before. Entries that have been written since stay.</summary>
    /// <param name="context">The state.</param>
    /// <param name="devmap">The devmap.</param>
    /// <param name="placements">The placements of the table.</param>
    /// <param name="refused">The revision of the table.</param>
    /// <param name="revision">The revision of the return.</param>
    public static IReadOnlyList<Placement.OfEntry> Of(
        PlanContext context, WorkingDevmap devmap, IReadOnlyList<Placement.OfEntry> placements, long refused, long revision)
    {
        var returns = new List<Placement.OfEntry>(placements.Count);
        foreach (var (_, before, after, _) in placements)
        {
            var key = (after ?? before)!.Record.Key;
            var now = devmap.Entries.Find(key);
            if (now?.Record.Revision != (after is null ? null : refused))
                continue;
            var placed = before is null ? null : Placed(context, devmap, before.Record with { Revision = revision, UpdateTime = context.TimeAfter(before.Record.UpdateTime) }, refused);
            // A number whose kernel key another entry has got since cannot come back.
            if (placed is not { KernelKey: null, Record.Key.InterfaceName: null })
                returns.Add(new(devmap.Id, now, placed, []) { FollowsLater = true });
        }

        return returns;
    }

    // Entries of the table give their kernel keys back.
    private static PlacedEntry Placed(PlanContext context, WorkingDevmap devmap, EntryRecord record, long refused) => Convergence.Placed(
        context, devmap, record, evicts: Convergence.KernelKeyOf(context, record.Key) is { } key && devmap.Entries.Find(key)?.Record.Revision == refused);
}
