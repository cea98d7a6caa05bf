using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Finds what others have done to the objects around the map: its slot, and the links of its redirect program; and puts it right.</summary>
internal sealed class JudgeObjectsCommand(DevmapState devmap, bool repair) : WriterCommand<IReadOnlyList<Drift>>
{
    protected override Plan<IReadOnlyList<Drift>> Plan(WriterContext context) => new(Footprint.Exclusive, [], [], Judge);

    private List<Drift> Judge(WriterScope scope, WriterContext context)
    {
        var drifts = new List<Drift>();
        JudgeSlot(scope, drifts);
        JudgeLinks(scope, context, drifts);
        context.DriftFound(devmap, drifts);
        return drifts;
    }

    private void JudgeSlot(WriterScope scope, List<Drift> drifts)
    {
        if (devmap.Kernel.ReadActiveMapId() == devmap.Kernel.MapId)
            return;
        string? failure = null;
        try
        {
            if (repair)
                devmap.Kernel.Activate(scope);
        }
        catch (KernelException e)
        {
            failure = e.Message;
        }

        drifts.Add(new Drift(DriftKind.Inactive, null, null, null, null, null, repair && failure is null, failure));
    }

    private void JudgeLinks(WriterScope scope, WriterContext context, List<Drift> drifts)
    {
        var links = devmap.Kernel.Links.ToDictionary(l => l.Interface, StringComparer.Ordinal);
        foreach (var (name, status) in devmap.Attachments)
        {
            // One without a link is known to be without; one whose device has gone is the link events' business.
            if (status.Link is not { } link || links.GetValueOrDefault(name)?.Ifindex == link.Ifindex || context.Interface(name)?.Ifindex != link.Ifindex)
                continue;
            var failure = repair ? Repair(scope, context, name, status) : null;
            drifts.Add(new Drift(DriftKind.Detached, null, null, name, null, null, repair && failure is null, failure));
        }
    }

    private string? Repair(WriterScope scope, WriterContext context, string name, PlacedAttachment status)
    {
        devmap.Attachments = devmap.Attachments.SetItem(name, status with { Link = null });
        LinkReconciliation.Reattach(scope, context, devmap, name);
        return devmap.Attachments[name].Failure;
    }
}
