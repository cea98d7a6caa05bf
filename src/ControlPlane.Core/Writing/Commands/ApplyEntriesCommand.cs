using ControlPlane.Core.Errors;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Writes several entries: all of them, or none. They share one revision. Answers with an outcome for each write, in order.
/// </summary>
/// <param name="asked">The writes.</param>
/// <param name="pathOf">Returns the field of the request that has the write at an index.</param>
internal sealed class ApplyEntriesCommand(IReadOnlyList<EntryWrite> asked, Func<int, string> pathOf) : WriterCommand<IReadOnlyList<EntryOutcome>>
{
    // A line in the log names the first entries.
    private const int MostNamed = 8;

    private readonly int[] _places = new int[asked.Count];
    private string _change = "";

    public override string Change => _change;

    public override int Weight => asked.Count;

    public override WritePlan Plan(PlanContext context)
    {
        var all = new EntryWrites();
        var writes = Resolve(context, all);
        _change = DescriptionOf(writes);
        var revision = writes.All(w => w.Repeats) ? context.PlannedRevision : context.NextRevision();
        var placements = new List<Placement.OfEntry>(writes.Length);
        // Deletions make room, and entries that leave a kernel key make it free for others.
        foreach (var (index, write) in writes.Index().OrderBy(w => w.Item.Spec is null ? 0 : w.Item.Before?.KernelKey is { } key && key != w.Item.KernelKey ? 1 : 2))
        {
            placements.AddRange(write.Place(context, revision, all));
            _places[index] = placements.Count - 1;
        }

        return new WritePlan(Footprint.Of(placements, writes.SelectMany(w => w.Uses).Distinct()), placements, revision);
    }

    protected override IReadOnlyList<EntryOutcome> Answer(PlanContext context, Outcome outcome)
    {
        var outcomes = new EntryOutcome[asked.Count];
        for (var i = 0; i < outcomes.Length; i++)
            outcomes[i] = EntryOutcome.Of(outcome.Placements[_places[i]], outcome.Revision);
        return outcomes;
    }

    private ResolvedWrite[] Resolve(PlanContext context, EntryWrites all)
    {
        var writes = new ResolvedWrite[asked.Count];
        var errors = new List<(string Path, Error Error)>();
        for (var i = 0; i < writes.Length; i++)
        {
            try
            {
                writes[i] = ResolvedWrite.Of(context, Request.Caller, asked[i]);
                if (!all.Add(writes[i]))
                    errors.Add((pathOf(i), EntryErrors.WrittenTwice(writes[i].Name)));
            }
            catch (ControlPlaneException e)
            {
                errors.Add((pathOf(i), e.Error));
            }
        }

        for (var i = 0; i < writes.Length; i++)
        {
            var refusals = new Refusals();
            writes[i]?.Judge(context, refusals, all);
            errors.AddRange(refusals.Found.Select(e => (pathOf(i), e)));
        }

        if (errors.Count > 0)
            throw new ControlPlaneException(RequestErrors.OfItems(errors));
        return writes;
    }

    private static string DescriptionOf(ResolvedWrite[] writes) =>
        string.Join(", ", writes.Take(MostNamed).Select(w => $"{(w.Spec is null ? "delete" : "put")} {w.Name}"))
        + (writes.Length > MostNamed ? $" and {writes.Length - MostNamed} more" : "");
}

/// <summary>The outcome of one write.</summary>
/// <param name="Devmap">The devmap.</param>
/// <param name="Before">The entry before; null for a new one.</param>
/// <param name="After">The entry after; null if it was deleted.</param>
/// <param name="Revision">The revision of the call.</param>
internal sealed record EntryOutcome(DevmapId Devmap, PlacedEntry? Before, PlacedEntry? After, long Revision)
{
    /// <summary>Returns the outcome that the placement of an entry shows.</summary>
    public static EntryOutcome Of(Placement placement, long revision) =>
        placement is Placement.OfEntry entry ? new(entry.Devmap, entry.Before, entry.After, revision) : throw new ArgumentException("it is no entry", nameof(placement));
}
