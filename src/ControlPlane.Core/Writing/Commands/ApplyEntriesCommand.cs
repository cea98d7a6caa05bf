using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Writes several entries: all of them, or none. They share one revision. Answers with the result of each write, in order.
/// </summary>
/// <param name="asked">The writes.</param>
/// <param name="pathOf">Returns the field of the request that has the write at an index.</param>
internal sealed class ApplyEntriesCommand(IReadOnlyList<EntryWrite> asked, Func<int, string> pathOf) : WriterCommand<ItemResults>
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

    /// <summary>Returns the results of a plan of this command, which are known before the plan is carried out.</summary>
    public ItemResults ResultsOf(IReadOnlyList<Placement> placements, long revision) =>
        new([.. _places.Select(p => EntryOutcome.Of(placements[p], revision).Result)], revision);

    protected override ItemResults Answer(PlanContext context, Outcome outcome) => ResultsOf(outcome.Placements, outcome.Revision);

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
            if (writes[i]?.FindOtherOwner() is { } foreign)
                refusals.Add(foreign);
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
