using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Deletes an entry. Answers with the revision of the deletion.</summary>
internal sealed class DeleteEntryCommand(DevmapId id, EntryKey askedKey, Precondition precondition) : WriterCommand<long>
{
    private string _name = "";

    public override string Change => $"delete {_name}";

    public override WritePlan Plan(PlanContext context)
    {
        var devmap = context.Devmap(id);
        var before = context.Find(devmap, askedKey) ?? throw new ControlPlaneException(EntryErrors.NotFound(id.Name, devmap.KeyText(askedKey)));
        var key = before.Record.Key;
        _name = devmap.NameOf(key);
        EntryAccess.RequireKey(Request.Caller, devmap.Definition, key, _name);
        EntryAccess.Require(Request.Caller, id.Name, _name, before.Record.Spec.Owner);
        precondition.Require(_name, before.Record.Revision);
        var footprint = new Footprint
        {
            Changes = [FootprintKey.Entry(new EntryId(id, key))],
            Elements = before.KernelKey is { } kernelKey ? [new ElementId(id, kernelKey)] : [],
        };
        return new WritePlan(footprint, [Convergence.Deletion(context, devmap, before)], context.NextRevision());
    }

    protected override long Answer(PlanContext context, Outcome outcome) => outcome.Revision;
}
