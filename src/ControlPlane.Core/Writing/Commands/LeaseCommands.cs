using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Makes a lease, or changes it, and gives it its full time. Answers with the lease and whether it is new.</summary>
internal sealed class PutLeaseCommand(string name, LeaseSpec spec, Precondition precondition, bool force) : WriterCommand<(bool Created, PlacedLease Lease)>
{
    public override string Change => $"put leases/{name}";

    public override WritePlan Plan(PlanContext context)
    {
        var before = context.State.Leases.GetValueOrDefault(name)?.Record;
        precondition.Require($"leases/{name}", before?.Revision);
        EntryAccess.RequireLease(Request.Caller, name, before?.Spec.Owner ?? spec.Owner, spec.Owner);
        var footprint = new Footprint { Changes = [FootprintKey.Lease(name)] };
        if (before?.Spec == spec)
            return new WritePlan(footprint, [new Placement.OfLease(name, before, before)], before.Revision);
        if (before is not null)
            OwnerRule.Require($"leases/{name}", before.Spec.Owner, new(spec.Owner, force));
        var now = context.TimeAfter(before?.UpdateTime);
        var record = new LeaseRecord(name, spec, context.NextRevision(), before?.CreateTime ?? now, now);
        return new WritePlan(footprint, [new Placement.OfLease(name, before, record)], record.Revision);
    }

    protected override (bool Created, PlacedLease Lease) Answer(PlanContext context, Outcome outcome)
    {
        var placement = (Placement.OfLease)outcome.Placements[^1];
        return (placement.Before is null, new PlacedLease(placement.After!, context.State.LeaseEntries.Of(name).Count));
    }
}

/// <summary>
/// Ends a lease with the entries and attachments that name it: a caller deletes it, or its time is over. Answers with the revision of the change; null
/// if there was none, because the lease was kept alive or deleted meanwhile.
/// </summary>
/// <param name="name">The lease.</param>
internal abstract class LeaseEndCommand(string name) : EndCommand<long?>
{
    /// <summary>The name of the lease.</summary>
    protected string Name => name;

    public sealed override bool MustWait(PlanContext context) => Ending.MustWait(context, context.State.LeaseEntries.Of(name));

    protected sealed override long? Answer(PlanContext context, Outcome outcome) => outcome.Placements.Count == 0 ? null : outcome.Revision;

    /// <summary>Returns the plan that deletes the lease and all that names it.</summary>
    protected WritePlan EndOf(PlanContext context, LeaseRecord lease)
    {
        List<(WorkingDevmap, PlacedAttachment)> attachments =
            [.. context.State.Devmaps.SelectMany(d => d.Attachments.Values.Where(a => a.Record.Spec.Lease == name).Select(a => (d, a)))];
        return Ending.Of(context, context.State.LeaseEntries.Of(name), attachments, [new Placement.OfLease(name, lease, null)]);
    }
}

/// <summary>Deletes a lease.</summary>
internal sealed class DeleteLeaseCommand(string name, Precondition precondition, OwnerClaim claim) : LeaseEndCommand(name)
{
    public override string Change => $"delete leases/{Name}";

    public override WritePlan Plan(PlanContext context)
    {
        var before = context.State.Leases.GetValueOrDefault(Name)?.Record ?? throw new ControlPlaneException(LeaseErrors.NotFound(Name));
        precondition.Require($"leases/{Name}", before.Revision);
        EntryAccess.RequireLease(Request.Caller, Name, before.Spec.Owner);
        OwnerRule.Require($"leases/{Name}", before.Spec.Owner, claim, deletes: true);
        return EndOf(context, before);
    }
}

/// <summary>Deletes a lease whose time is over.</summary>
internal sealed class ExpireLeaseCommand(string name) : LeaseEndCommand(name)
{
    public override string Change => $"expire leases/{Name}";

    public override WritePlan Plan(PlanContext context) =>
        context.State.Leases.GetValueOrDefault(Name) is { } lease && context.LeaseClock.TryEnd(Name)
            ? EndOf(context, lease.Record)
            : new WritePlan(new Footprint(), [], context.PlannedRevision);
}
