using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Deletes an entry.</summary>
internal sealed class DeleteEntryCommand(EntryWrite asked) : WriterCommand<EntryOutcome>
{
    private string _name = "";

    public override string Change => $"delete {_name}";

    public override WritePlan Plan(PlanContext context)
    {
        var write = ResolvedWrite.Of(context, Request.Caller, asked);
        _name = write.Name;
        write.RequireOwner();
        var placements = write.Place(context, 0);
        return new WritePlan(Footprint.Of(placements, []), placements, context.NextRevision());
    }

    protected override EntryOutcome Answer(PlanContext context, Outcome outcome) => EntryOutcome.Of(outcome.Placements[^1], outcome.Revision);
}
