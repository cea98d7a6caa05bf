using ControlPlane.Core.Auditing;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Writing;

/// <summary>Finds attachments whose link others have detached, and attaches the redirect program again.</summary>
internal sealed class JudgeAttachmentsCommand(DevmapState devmap, bool repair) : WriterCommand<IReadOnlyList<Drift>>
{
    protected override Plan<IReadOnlyList<Drift>> Plan(WriterContext context) => new(Footprint.Exclusive, [], [], Judge);

    private List<Drift> Judge(WriterScope scope, WriterContext context)
    {
        var links = devmap.Kernel.Links.ToDictionary(l => l.Interface, StringComparer.Ordinal);
        var drifts = new List<Drift>();
        foreach (var (name, status) in devmap.Attachments)
        {
            // One without a link is known to be without; one whose device has gone is the link events' business.
            if (status.Link is not { } link || links.GetValueOrDefault(name)?.Ifindex == link.Ifindex || context.Interface(name)?.Ifindex != link.Ifindex)
                continue;
            var failure = repair ? Repair(scope, context, name, status) : null;
            drifts.Add(new Drift(DriftKind.Detached, null, null, name, null, null, repair && failure is null, failure));
        }

        context.DriftFound(devmap, drifts);
        return drifts;
    }

    private string? Repair(WriterScope scope, WriterContext context, string name, AttachmentStatus status)
    {
        devmap.Attachments = devmap.Attachments.SetItem(name, status with { Link = null });
        LinkReconciliation.Reattach(scope, context, devmap, name);
        return devmap.Attachments[name].Failure;
    }
}
