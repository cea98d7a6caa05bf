using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Writing.Commands;

/// <summary>Attaches a devmap's redirect program to an interface, or changes the attachment. Answers with the attachment and whether it is new.</summary>
internal sealed class PutAttachmentCommand(DevmapId id, string askedName, AttachmentSpec spec, bool allowPending, Precondition precondition, bool force)
    : WriterCommand<(bool Created, PlacedAttachment Attachment)>
{
    public override string Change => $"put devmaps/{id.Name}/attachments/{askedName}";

    public override WritePlan Plan(PlanContext context)
    {
        var devmap = context.Devmap(id);
        var before = context.FindAttachment(devmap, askedName);
        var interfaceName = before?.Record.Interface ?? context.Canonical(askedName);
        precondition.Require($"devmaps/{id.Name}/attachments/{interfaceName}", before?.Record.Revision);
        // A write of what is stored succeeds in any state of the interface.
        var repeats = before?.Record.Spec == spec;
        if (!repeats || !context.HasLease(spec.Lease))
            Judge(context, interfaceName, before);
        var record = repeats ? before!.Record : NextRecord(context, interfaceName, before?.Record);
        var placements = Convergence.Attachment(context, devmap, before, record);
        var footprint = new Footprint
        {
            Changes = [FootprintKey.Ingress(interfaceName)],
            Uses = spec.Lease is null ? [] : [new FootprintUse(FootprintKey.Lease(spec.Lease))],
        };
        return new WritePlan(footprint, placements, record.Revision)
        {
            Converge = [.. placements[^1].Steps.Count == 0 ? [] : DeleteAttachmentCommand.TargetsOf(context, interfaceName), new ResourceKey.Promiscuity()],
        };
    }

    protected override (bool Created, PlacedAttachment Attachment) Answer(PlanContext context, Outcome outcome)
    {
        var placement = (Placement.OfAttachment)outcome.Placements[^1];
        return (placement.Before is null, placement.After!);
    }

    private void Judge(PlanContext context, string interfaceName, PlacedAttachment? before)
    {
        var refusals = new Refusals();
        if (before is not null && OwnerRule.Find($"devmaps/{id.Name}/attachments/{interfaceName}", before.Record.Spec.Owner, new(spec.Owner, force)) is { } foreign)
            refusals.Add(foreign);
        if (!allowPending && context.Interfaces.Find(interfaceName) is null)
            refusals.Add(InterfaceErrors.Missing("interface", interfaceName, pendingPossible: true));
        if (spec.Mode == AttachMode.Tcx && !context.HasTcx)
            refusals.Add(AttachmentErrors.NoTcx(spec.ToWrite(id.Name, interfaceName)));
        if (interfaceName == InterfaceName.Loopback)
            refusals.Add(InterfaceErrors.Loopback(interfaceName));
        if (context.Interfaces.Find(interfaceName) is { CarriesEthernet: false } bare)
            refusals.Add(InterfaceErrors.NoEthernet("interface", bare.Name, bare.Kind));
        if (!context.HasLease(spec.Lease))
            refusals.Add(LeaseErrors.Missing(spec.Lease!));
        foreach (var other in context.State.Devmaps)
        {
            if (other.Id != id && context.FindAttachment(other, interfaceName) is { } held)
                refusals.Add(AttachmentErrors.HeldByOtherDevmap(interfaceName, other.Id.Name, held.Record.Spec.Owner));
        }

        refusals.ThrowIfAny();
    }

    private AttachmentRecord NextRecord(PlanContext context, string interfaceName, AttachmentRecord? old)
    {
        var now = context.TimeAfter(old?.UpdateTime);
        return new AttachmentRecord(id.Name, interfaceName, spec, context.NextRevision(), old?.CreateTime ?? now, now);
    }
}
