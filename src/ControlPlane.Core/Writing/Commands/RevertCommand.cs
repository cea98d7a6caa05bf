using System.Globalization;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Brings resources back to the desired state that they had: all of them under one revision, or none. If very many entries change, the kernel follows
/// in slices, and attachments and the deletion of egress programs are left for another command.
/// </summary>
/// <param name="reversal">The resources as they were.</param>
/// <param name="what">The reversal in words, for the log.</param>
internal sealed class RevertCommand(Reversal reversal, string what) : WriterCommand<RevertResult>
{
    private RevertResult _result = null!; // Plan sets it

    /// <summary>The revision that the resources must have unless they are as they were; null for any.</summary>
    public long? Expected { get; init; }

    /// <summary>Whether nothing must happen: the answer is the difference.</summary>
    public bool IsDry { get; init; }

    /// <summary>Returns what has changed since the reversal was made, to be undone too; null if that stays.</summary>
    public Func<PlanContext, Reversal>? Since { get; init; }

    /// <summary>Throws if the caller may not bring these resources back; null if any may be.</summary>
    public Action<Reversal>? Allow { get; init; }

    public override string Change => string.Create(
        CultureInfo.InvariantCulture, $"revert {what}: {_result.Created} created, {_result.Changed} changed, {_result.Deleted} deleted");

    public override int Weight => Math.Clamp(reversal.Entries.Count, 1, ReplaceEntriesCommand.MostAtOnce);

    // Tables of one devmap are written one after the other, each as a whole.
    public override bool MustWait(PlanContext context) => !IsDry && reversal.Devmaps.Any(d => context.State.Find(d)?.Open is not null);

    public override WritePlan Plan(PlanContext context)
    {
        if (Since is not null)
            reversal.AddFrom(Since(context));
        Allow?.Invoke(reversal);
        var difference = StateDifference.Of(context, Request.Caller, reversal, Expected);
        var isSliced = difference.Entries.Count > ReplaceEntriesCommand.MostAtOnce;
        var changes = difference.Entries.Count + difference.Programs.Count + difference.Attachments.Count;
        var revision = IsDry || changes == 0 ? context.PlannedRevision : context.NextRevision();
        _result = new RevertResult(difference, revision, isSliced);
        if (IsDry || changes == 0)
            return new WritePlan(new Footprint(), [], revision);
        var made = difference.Programs.Where(p => p.Spec is not null).Select(p => Program(context, p.Name, p.Before, p.Spec, revision));
        var entries = difference.Entries.SelectMany(w => w.Place(context, revision, difference.Together, isSliced)).ToList();
        return isSliced ? Later(context, made, entries, revision) : AtOnce(context, difference, made, entries, revision);
    }

    protected override RevertResult Answer(PlanContext context, Outcome outcome) => _result;

    // A program is there before entries carry it, and goes when none does. An interface is free before another devmap attaches to it.
    private static WritePlan AtOnce(
        PlanContext context, StateDifference difference, IEnumerable<Placement> programs, List<Placement.OfEntry> entries, long revision)
    {
        var ordered = entries.GroupBy(e => e.Devmap).SelectMany(g => TableOrder.OfSteps(context.Devmap(g.Key), [.. g])).ToList();
        var attachments = difference.Attachments.OrderBy(a => a.Spec is not null).SelectMany(a => Attachment(context, a.Devmap, a.Interface, a.Before, a.Spec, revision));
        var gone = difference.Programs.Where(p => p.Spec is null).Select(p => Program(context, p.Name, p.Before, null, revision));
        return new WritePlan(
            Footprint.Alone with { Elements = Footprint.Of(ordered, []).Elements }, [.. programs, .. ordered, .. attachments, .. gone], revision)
        {
            Converge = difference.Attachments.Count == 0
                ? []
                : [.. difference.Attachments.SelectMany(a => DeleteAttachmentCommand.TargetsOf(context, a.Interface)).Distinct(), new ResourceKey.Promiscuity()],
        };
    }

    private static WritePlan Later(PlanContext context, IEnumerable<Placement> programs, List<Placement.OfEntry> entries, long revision)
    {
        var (tables, steps) = (new List<Placement>(), new List<ResourceKey>());
        foreach (var group in entries.GroupBy(e => e.Devmap))
        {
            var (table, rest) = TableOrder.Later(context.Devmap(group.Key), [.. group]);
            tables.Add(table);
            steps.AddRange(rest);
        }

        return new WritePlan(Footprint.Alone, [.. programs, .. TableOrder.OfState(entries), .. tables], revision) { Rest = steps };
    }

    private static Placement.OfProgram Program(PlanContext context, string name, PlacedProgram? before, EgressProgramSpec? spec, long revision)
    {
        if (spec is null)
            return new Placement.OfProgram(name, before, null, [new KernelStep.UnloadProgram(name, before!.Loaded.Config)]);
        var now = context.TimeAfter(before?.Record.UpdateTime);
        return Convergence.Program(before, new EgressProgramRecord(name, spec, revision, before?.Record.CreateTime ?? now, now));
    }

    private static IReadOnlyList<Placement> Attachment(
        PlanContext context, WorkingDevmap devmap, string name, PlacedAttachment? before, AttachmentSpec? spec, long revision)
    {
        if (spec is null)
            return [Convergence.Deletion(context, devmap, before!)];
        var now = context.TimeAfter(before?.Record.UpdateTime);
        return Convergence.Attachment(context, devmap, before, new AttachmentRecord(devmap.Id.Name, name, spec, revision, before?.Record.CreateTime ?? now, now));
    }
}

/// <summary>The result of a reversal.</summary>
/// <param name="Difference">The difference that was made, or would be.</param>
/// <param name="Revision">The revision of the change, or that of the daemon if nothing has changed.</param>
/// <param name="IsSliced">Whether attachments and the deletion of egress programs are left for another command.</param>
internal sealed record RevertResult(StateDifference Difference, long Revision, bool IsSliced)
{
    /// <summary>How many resources are new.</summary>
    public int Created => Difference.Entries.Count(w => w.Adds) + Difference.Programs.Count(p => p.Before is null) + Difference.Attachments.Count(a => a.Before is null);

    /// <summary>How many resources go.</summary>
    public int Deleted => Difference.Entries.Count(w => w.Spec is null) + Difference.Programs.Count(p => p.Spec is null) + Difference.Attachments.Count(a => a.Spec is null);

    /// <summary>How many resources change.</summary>
    public int Changed => Difference.Entries.Count + Difference.Programs.Count + Difference.Attachments.Count - Created - Deleted;
}
