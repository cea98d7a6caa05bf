using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

// A table that waits for its confirmation: prepared, filled, guarded, switched, and then confirmed or taken back.

/// <summary>Begins the candidate of a table. From now on no other write to the devmap happens.</summary>
/// <param name="asked">The entries.</param>
/// <param name="order">How the switch is guarded.</param>
/// <param name="pending">The tables that wait.</param>
internal sealed class PrepareTableCommand(TableWrite asked, GuardOrder order, PendingTables pending) : WriterCommand<(TableResult Result, PendingTable? Table)>
{
    private TableResult _result = null!; // Plan sets it
    private PendingTable? _table;

    public override int Weight => Math.Clamp(asked.Items.Count, 1, ReplaceEntriesCommand.MostAtOnce);

    public override bool MustWait(PlanContext context) => context.Devmap(asked.Devmap) is { Open: not null } or { Building: not null };

    public override WritePlan Plan(PlanContext context)
    {
        if (pending.FindRefusal([asked.Devmap]) is { } other)
            throw new ControlPlaneException(other);
        var difference = TableDifference.Of(context, Request.Caller, asked);
        if (difference.FindProtection() is { } protection)
            throw new ControlPlaneException(protection);
        (_result, _table) = (new TableResult(difference, null, context.PlannedRevision), null);
        if (!difference.Writes.Any())
            return new WritePlan(new Footprint(), [], context.PlannedRevision);
        var before = context.Devmap(asked.Devmap).Entries.Freeze();
        _table = new PendingTable(before, context.PlannedRevision, order);
        var begin = new KernelStep.BeginTable(asked.Devmap, _table, before.Count + difference.Created - difference.Deleted);
        return new WritePlan(Footprint.Alone, [new Placement.OfObject([begin])], context.PlannedRevision);
    }

    protected override (TableResult Result, PendingTable? Table) Answer(PlanContext context, Outcome outcome)
    {
        if (_table is not null)
            pending.Set(asked.Devmap, _table);
        return (_result, _table);
    }
}

/// <summary>Changes the second table of a devmap, or its guard. No desired state changes.</summary>
/// <param name="step">Returns the step.</param>
internal sealed class SecondTableCommand(Func<PlanContext, KernelStep> step) : WriterCommand<GuardReport?>
{
    public override WritePlan Plan(PlanContext context) =>
        new(Footprint.Alone, [new Placement.OfSwitch(null, [step(context)])], context.PlannedRevision);

    protected override GuardReport? Answer(PlanContext context, Outcome outcome) => ((Placement.OfSwitch)outcome.Placements[0]).Report;
}

/// <summary>Makes the table of a candidate the desired one, and switches to it.</summary>
/// <param name="asked">The entries.</param>
/// <param name="scope">The scope in words, for the log.</param>
/// <param name="table">The candidate, which has all elements.</param>
/// <param name="filled">The interfaces that the elements are made for.</param>
internal sealed class SwitchTableCommand(TableWrite asked, string scope, PendingTable table, InterfaceTable filled) : WriterCommand<TableResult?>
{
    private TableResult? _result;

    public override string Change => string.Create(
        CultureInfo.InvariantCulture,
        $"replace {scope} until it is confirmed: {_result!.Difference.Created} created, {_result.Difference.Changed} changed, {_result.Difference.Deleted} deleted");

    public override WritePlan Plan(PlanContext context)
    {
        _result = null;
        // The candidate must follow the interfaces first.
        if (!ReferenceEquals(filled, context.Interfaces))
            return new WritePlan(new Footprint(), [], context.PlannedRevision);
        var difference = TableDifference.Of(context, Request.Caller, asked);
        var revision = context.NextRevision();
        _result = new TableResult(difference, null, revision);
        var placements = difference.Writes.SelectMany(w => w.Place(context, revision, difference.Together, later: true)).ToList();
        return new WritePlan(
            Footprint.Alone, [new Placement.OfObject([new KernelStep.SwitchGuarded(table)]), .. TableOrder.OfState(placements)], revision)
        {
            Converge = [.. placements.Select(p => p.After?.Record.Spec.Interface).OfType<string>().Distinct().Select(t => new ResourceKey.Target(t))],
        };
    }

    protected override TableResult? Answer(PlanContext context, Outcome outcome)
    {
        table.IsSwitched = _result is not null;
        return _result;
    }
}

/// <summary>No table of a devmap waits any more.</summary>
/// <param name="devmap">The devmap.</param>
/// <param name="pending">The tables that wait.</param>
/// <param name="last">The last step in the kernel.</param>
internal sealed class ForgetTableCommand(DevmapId devmap, PendingTables pending, KernelStep last) : WriterCommand<bool>
{
    public override WritePlan Plan(PlanContext context) => new(Footprint.Alone, [new Placement.OfObject([last])], context.PlannedRevision);

    protected override bool Answer(PlanContext context, Outcome outcome)
    {
        pending.Set(devmap, null);
        return true;
    }
}
