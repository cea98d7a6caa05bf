using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Makes the entries of a devmap, or of a part of it, what they must be: all of the difference happens under one revision, or nothing. The kernel
/// follows at once if few entries change, else in slices; or a new table is built beside the active one, and the kernel goes over to it.
/// </summary>
/// <param name="asked">The entries.</param>
/// <param name="scope">The scope in words, for the log.</param>
/// <param name="mode">How the kernel follows.</param>
/// <param name="isDry">Whether nothing must happen: the answer is the difference, and why the call would fail.</param>
internal sealed class ReplaceEntriesCommand(TableWrite asked, string scope, ReplaceMode mode, bool isDry) : WriterCommand<TableResult>
{
    /// <summary>Most entries that the kernel changes with the plan itself: all of them, or none.</summary>
    public const int MostAtOnce = 1_000;

    private TableResult _result = null!; // Plan sets it

    public override string Change => string.Create(
        CultureInfo.InvariantCulture,
        $"replace {scope}: {_result.Difference.Created} created, {_result.Difference.Changed} changed, {_result.Difference.Deleted} deleted");

    // As much as the largest atomic batch at most: one table must not fill the queue.
    public override int Weight => Math.Clamp(asked.Items.Count, 1, MostAtOnce);

    // Two tables of one devmap are written one after the other, each as a whole.
    public override bool MustWait(PlanContext context) => !isDry && context.Devmap(asked.Devmap) is { Open: not null } or { Building: not null };

    public override WritePlan Plan(PlanContext context)
    {
        var difference = TableDifference.Of(context, Request.Caller, asked);
        var protection = difference.FindProtection();
        if (protection is not null && !isDry)
            throw new ControlPlaneException(protection);
        var revision = isDry || !difference.Writes.Any() ? context.PlannedRevision : context.NextRevision();
        _result = new TableResult(difference, protection, revision);
        return isDry ? new WritePlan(new Footprint(), [], revision) : PlanOf(context, difference, revision);
    }

    // Other plans of a batch may make entries that belong to the table, of which this plan does not know.
    private WritePlan PlanOf(PlanContext context, TableDifference difference, long revision)
    {
        var devmap = context.Devmap(asked.Devmap);
        if (mode == ReplaceMode.Hitless && difference.Writes.Any())
            return Beside(context, devmap, difference, revision);
        var later = difference.Created + difference.Changed + difference.Deleted > MostAtOnce;
        var placements = difference.Writes.SelectMany(w => w.Place(context, revision, difference.Together, later)).ToList();
        if (!later)
        {
            Placement.OfEntry[] ordered = [.. TableOrder.OfSteps(devmap, placements)];
            return new WritePlan(Footprint.Alone with { Elements = Footprint.Of(ordered, []).Elements }, ordered, revision);
        }

        var (table, steps) = TableOrder.Later(devmap, placements);
        return new WritePlan(Footprint.Alone, [.. TableOrder.OfState(placements), table], revision) { Rest = steps };
    }

    private static WritePlan Beside(PlanContext context, WorkingDevmap devmap, TableDifference difference, long revision)
    {
        Placement.OfEntry[] placements = [.. TableOrder.OfState([.. difference.Writes.SelectMany(w => w.Place(context, revision, difference.Together, later: true))])];
        var table = devmap.Entries.Freeze().ToBuilder();
        foreach (var placement in placements)
            table.Replace(placement.Before, placement.After);
        return new WritePlan(
            Footprint.Alone with { Elements = Footprint.Of(placements, []).Elements },
            [.. placements, new Placement.OfObject([new KernelStep.SwitchTable(devmap.Id)])],
            revision)
        {
            Candidate = new CandidateTable(devmap.Id, devmap.Definition, table.Freeze()),
        };
    }

    protected override TableResult Answer(PlanContext context, Outcome outcome) => _result;
}

/// <summary>The result of the write of a table.</summary>
/// <param name="Difference">The difference that was made, or would be.</param>
/// <param name="Protection">Why the call would need an option; null if it needs none.</param>
/// <param name="Revision">The revision of the change, or that of the daemon if nothing has changed.</param>
internal sealed record TableResult(TableDifference Difference, Error? Protection, long Revision);
