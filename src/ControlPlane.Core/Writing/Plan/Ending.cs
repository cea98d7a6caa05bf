using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing.Plan;

/// <summary>
/// Plans the end of entries and attachments that end together, over all devmaps: one change under one revision. The kernel follows at once if they
/// are few, else in slices. A deletion that the kernel refuses is tried again; the desired state does not come back.
/// </summary>
internal static class Ending
{
    /// <summary>Most entries that the kernel deletes with the plan itself.</summary>
    public const int MostAtOnce = 1_000;

    /// <summary>Whether the plan must wait: the kernel still follows a change of many entries in one of the devmaps.</summary>
    public static bool MustWait(PlanContext context, EntryIdSet entries) => entries.Devmaps.Any(d => context.State.Find(d) is { Open: not null });

    /// <summary>Returns the plan.</summary>
    /// <param name="context">The state, the interfaces and the kernel.</param>
    /// <param name="ids">The entries.</param>
    /// <param name="attachments">The attachments.</param>
    /// <param name="others">The other resources that change.</param>
    public static WritePlan Of(
        PlanContext context, IReadOnlyCollection<EntryId> ids, IReadOnlyList<(WorkingDevmap Devmap, PlacedAttachment Attachment)> attachments,
        IReadOnlyList<Placement> others)
    {
        var (revision, later) = (context.NextRevision(), ids.Count > MostAtOnce);
        // No frame arrives any more before the entries go.
        List<Placement> placements = [.. attachments.Select(a => Convergence.Deletion(context, a.Devmap, a.Attachment))];
        List<ResourceKey> rest = [];
        foreach (var group in ids.GroupBy(id => id.Devmap))
        {
            var devmap = context.Devmap(group.Key);
            List<Placement.OfEntry> deletions = [.. group.Select(id => devmap.Entries.Find(id.Key)).OfType<PlacedEntry>().Select(e => Deletion(context, devmap, e, later))];
            placements.AddRange(deletions);
            if (!later)
                continue;
            var (table, steps) = TableOrder.Later(devmap, deletions);
            placements.Add(table);
            rest.AddRange(steps);
        }

        var elements = Footprint.Of([.. placements.OfType<Placement.OfEntry>()], []).Elements;
        return new WritePlan(Footprint.Alone with { Elements = later ? [] : elements }, [.. placements, .. others], revision)
        {
            Rest = rest,
            Converge = [.. attachments.SelectMany(a => TargetsOf(context, a.Attachment)).Distinct(), .. attachments.Count == 0 ? [] : new[] { new ResourceKey.Promiscuity() }],
        };
    }

    private static Placement.OfEntry Deletion(PlanContext context, WorkingDevmap devmap, PlacedEntry entry, bool later) =>
        later ? new(devmap.Id, entry, null, []) { FollowsLater = true } : Convergence.Deletion(context, devmap, entry);

    private static IEnumerable<ResourceKey> TargetsOf(PlanContext context, PlacedAttachment attachment) =>
        context.State.Targets.Interfaces.Append(attachment.Record.Interface).Select(name => new ResourceKey.Target(name));
}
