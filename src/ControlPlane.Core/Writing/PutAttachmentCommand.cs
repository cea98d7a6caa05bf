using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Has a devmap's redirect program run on an interface. Answers with the attachment and whether it is new.</summary>
internal sealed class PutAttachmentCommand(DevmapState devmap, string interfaceName, AttachmentSpec spec, bool allowPending, Precondition precondition)
    : WriterCommand<(bool Created, PlacedAttachment Attachment)>
{
    protected override Plan<(bool Created, PlacedAttachment Attachment)> Plan(WriterContext context)
    {
        var before = devmap.Attachments.GetValueOrDefault(interfaceName);
        precondition.Require($"devmaps/{devmap.Definition.Name}/attachments/{interfaceName}", before?.Record.Revision);
        var ingress = context.Interface(interfaceName);
        // A write of what is stored succeeds in any state of the interface.
        if (ingress is null && !allowPending && before?.Record.Spec != spec)
            throw KernelErrors.NoInterface("interface", interfaceName, pendingPossible: true);
        RequireNotLoopback();
        RequireNoOtherDevmap(context);
        var record = NextRecord(context, before?.Record);
        return new(
            Footprint.Exclusive,
            record == before?.Record ? [] : [new StoreChange.PutAttachment(record)],
            [before is null ? new StoreChange.DeleteAttachment(record.Devmap, interfaceName) : new StoreChange.PutAttachment(before.Record)],
            (scope, _) => Apply(scope, context, ingress, before, record));
    }

    private (bool Created, PlacedAttachment Attachment) Apply(
        WriterScope scope, WriterContext context, InterfaceInfo? ingress, PlacedAttachment? before, AttachmentRecord record)
    {
        var alive = ingress is not null && before is { Link: not null, Failure: null }
            && devmap.Kernel.FindLink(interfaceName) is { } link && link.Ifindex == ingress.Ifindex && link.Mode == spec.Mode;
        if (record == before?.Record && (alive || ingress is null))
            return (false, before);
        var after = (alive, ingress) switch
        {
            (true, _) => before! with { Record = record },
            (_, null) => before is null ? new PlacedAttachment(record, null, null) : before with { Record = record },
            _ => new PlacedAttachment(record, Attach(scope, context, ingress, before), null),
        };
        devmap.Revision = Math.Max(devmap.Revision, record.Revision);
        devmap.Attachments = devmap.Attachments.SetItem(interfaceName, after);
        if (record == before?.Record)
            context.StatusChanged(devmap, interfaceName, 0);
        else
            context.Changes.Add(new Change.AttachmentPut(devmap, after));
        return (before is null, after);
    }

    // A bpf_link cannot change its mode: the old one goes first, and comes back should the new one be refused.
    private DevmapLink Attach(WriterScope scope, WriterContext context, InterfaceInfo ingress, PlacedAttachment? before)
    {
        if (before?.Link is not null)
            devmap.Kernel.Detach(scope, interfaceName);
        PassPrograms.Release(scope, context, interfaceName);
        context.TargetsToEnsure.UnionWith(context.State.Targets.Interfaces);
        try
        {
            return devmap.Kernel.Attach(scope, ingress, spec.Mode);
        }
        catch (KernelException e)
        {
            if (before?.Link is not null)
                devmap.Kernel.Attach(scope, ingress, before.Record.Spec.Mode);
            throw context.Kernel.Interfaces.Query(interfaceName)?.Ifindex == ingress.Ifindex
                ? KernelErrors.Attach(e, devmap.Definition.Name, ingress, spec.Mode)
                : KernelErrors.NoInterface("interface", interfaceName, pendingPossible: true);
        }
    }

    private AttachmentRecord NextRecord(WriterContext context, AttachmentRecord? old)
    {
        if (old is not null && old.Spec == spec)
            return old;
        var now = context.Now;
        return new AttachmentRecord(devmap.Definition.Name, interfaceName, spec, context.NextRevision(), old?.CreateTime ?? now, now);
    }

    // What comes in by loopback is the host's own, this daemon's callers included: an entry that sends it on locks them all out.
    private void RequireNotLoopback()
    {
        if (interfaceName == InterfaceName.Loopback)
            throw new ControlPlaneException(InterfaceErrors.Loopback(interfaceName));
    }

    private void RequireNoOtherDevmap(WriterContext context)
    {
        foreach (var other in context.State.Devmaps.Values)
        {
            if (other != devmap && other.Attachments.ContainsKey(interfaceName))
                throw new ControlPlaneException(AttachmentErrors.HeldByOtherDevmap(interfaceName, other.Definition.Name));
        }
    }
}
