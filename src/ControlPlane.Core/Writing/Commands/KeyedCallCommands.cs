using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>The mark of a call: its identity, and the hash of the request.</summary>
internal sealed record CallMark(CallId Id, string Hash)
{
    /// <summary>Returns the call as it was made before; null if it is new.</summary>
    /// <exception cref="ControlPlaneException">The key marks another call.</exception>
    public KeyedCall? Find(PlanContext context)
    {
        var known = context.State.Calls.Find(Id, context.Now);
        return known is null || known.Hash == Hash ? known : throw new ControlPlaneException(RequestErrors.IdempotencyKeyReused(Id.Key, known.Time));
    }

    /// <summary>Returns the placements that keep the call, and forget others that must give way.</summary>
    public IEnumerable<Placement.OfCall> Keep(PlanContext context, KeyedCall call) =>
    [
        .. context.State.Calls.Outdated(context.Now).Where(c => c.Id != Id).Select(c => new Placement.OfCall(c.Id, c, null)),
        new Placement.OfCall(Id, context.State.Calls.Find(Id), call),
    ];

    /// <summary>Returns the plan with these placements added. The placements of the plan come first.</summary>
    public static WritePlan Add(WritePlan plan, IEnumerable<Placement.OfCall> calls)
    {
        Placement.OfCall[] added = [.. calls];
        return plan with
        {
            Placements = [.. plan.Placements, .. added],
            Footprint = plan.Footprint with { Changes = [.. plan.Footprint.Changes, .. added.Select(c => FootprintKey.Call(c.Id))] },
        };
    }
}

/// <summary>Writes several entries as a whole, and keeps the answer with the change. A repeat gets that answer.</summary>
internal sealed class KeyedApplyCommand(CallMark mark, ApplyEntriesCommand writes) : WriterCommand<ItemResults>
{
    private ItemResults _results = null!; // Plan sets it

    public override string? Change => writes.Change;

    public override int Weight => writes.Weight;

    public override WritePlan Plan(PlanContext context)
    {
        if (mark.Find(context) is { Answer: { } answer })
        {
            _results = ItemResults.Of(answer);
            return new WritePlan(new Footprint(), [], context.PlannedRevision);
        }

        writes.Request = Request;
        var plan = writes.Plan(context);
        _results = writes.ResultsOf(plan.Placements, plan.Revision);
        return CallMark.Add(plan, mark.Keep(context, new KeyedCall(mark.Id, mark.Hash, context.Now, _results.ToBytes())));
    }

    protected override ItemResults Answer(PlanContext context, Outcome outcome) => _results;
}

/// <summary>Begins a call whose items happen each on its own. Answers with the call, and with the items that have happened before.</summary>
internal sealed class BeginCallCommand(CallMark mark) : WriterCommand<(KeyedCall Call, IReadOnlyDictionary<int, CallPart> Parts)>
{
    private KeyedCall _call = null!; // Plan sets it

    public override WritePlan Plan(PlanContext context)
    {
        var nothing = new WritePlan(new Footprint(), [], context.PlannedRevision);
        if (mark.Find(context) is { } known)
        {
            _call = known;
            return nothing;
        }

        _call = new KeyedCall(mark.Id, mark.Hash, context.Now);
        return CallMark.Add(nothing, mark.Keep(context, _call));
    }

    protected override (KeyedCall Call, IReadOnlyDictionary<int, CallPart> Parts) Answer(PlanContext context, Outcome outcome) =>
        (_call, context.State.Calls.PartsOf(mark.Id));
}

/// <summary>Makes one item of such a call, and keeps its result with the change. An item that has happened does not happen again.</summary>
internal sealed class KeyedWriteCommand(CallId id, int item, WriterCommand<EntryOutcome> write) : WriterCommand<ItemResult>
{
    private ItemResult _result = null!; // Plan sets it

    public override string? Change => write.Change;

    public override WritePlan Plan(PlanContext context)
    {
        if (context.State.Calls.PartOf(id, item) is { } part)
        {
            _result = new ItemResult(part.Outcome, part.Revision);
            return new WritePlan(new Footprint(), [], context.PlannedRevision);
        }

        write.Request = Request;
        var plan = write.Plan(context)!;
        _result = EntryOutcome.Of(plan.Placements[^1], plan.Revision).Result;
        var kept = new Placement.OfCallPart(new CallPart(id, item, _result.Outcome, _result.Revision!.Value));
        return plan with
        {
            Placements = [.. plan.Placements, kept],
            Footprint = plan.Footprint with { Uses = [.. plan.Footprint.Uses, new FootprintUse(FootprintKey.Call(id))] },
        };
    }

    protected override ItemResult Answer(PlanContext context, Outcome outcome) => _result;
}

/// <summary>Ends such a call: keeps its answer.</summary>
internal sealed class EndCallCommand(CallMark mark, ItemResults results) : WriterCommand<bool>
{
    public override WritePlan Plan(PlanContext context)
    {
        var known = mark.Find(context);
        var call = new KeyedCall(mark.Id, mark.Hash, known?.Time ?? context.Now, results.ToBytes());
        return CallMark.Add(new WritePlan(new Footprint(), [], context.PlannedRevision), mark.Keep(context, call));
    }

    protected override bool Answer(PlanContext context, Outcome outcome) => true;
}
