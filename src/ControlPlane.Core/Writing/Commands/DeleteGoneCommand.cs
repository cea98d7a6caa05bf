using System.Globalization;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>
/// Deletes the entries that end because their interface was removed. Answers with the revision of the change; null if there was none, because the interface
/// exists again or others have changed the entries meanwhile.
/// </summary>
internal sealed class DeleteGoneCommand(string name) : EndCommand<long?>
{
    private int _entries;

    public override string Change => string.Create(CultureInfo.InvariantCulture, $"delete {_entries} entries for interfaces/{name}, which was removed");

    public override bool MustWait(PlanContext context) => Ending.MustWait(context, context.State.EndingEntries.Of(name));

    public override WritePlan Plan(PlanContext context)
    {
        var due = context.Gone.DueOf(name, context.Interfaces);
        _entries = due.Count;
        return due.Count == 0 ? new WritePlan(new Footprint(), [], context.PlannedRevision) : Ending.Of(context, due, [], []);
    }

    protected override long? Answer(PlanContext context, Outcome outcome) => outcome.Placements.Count == 0 ? null : outcome.Revision;
}
