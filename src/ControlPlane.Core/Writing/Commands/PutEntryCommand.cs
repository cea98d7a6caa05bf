using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Creates or changes an entry.</summary>
internal sealed class PutEntryCommand(EntryWrite asked) : WriterCommand<EntryOutcome>
{
    private string _name = "";

    public override string Change => $"put {_name}";

    public override WritePlan Plan(PlanContext context)
    {
        var write = ResolvedWrite.Of(context, Request.Caller, asked);
        _name = write.Name;
        write.RequireOwner();
        var refusals = new Refusals();
        write.Judge(context, refusals);
        refusals.ThrowIfAny();
        var placements = write.Place(context, write.Repeats ? 0 : context.NextRevision());
        return new WritePlan(Footprint.Of(placements, write.Uses), placements, placements[^1].After!.Record.Revision);
    }

    protected override EntryOutcome Answer(PlanContext context, Outcome outcome) => EntryOutcome.Of(outcome.Placements[^1], outcome.Revision);
}
