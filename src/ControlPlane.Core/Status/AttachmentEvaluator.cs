using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>
/// Derives the status of the attachments of one devmap. Trusts the kernel's view of a link, not the daemon's record: other tools can
/// detach a link, and the kernel does not announce that.
/// </summary>
internal sealed class AttachmentEvaluator(IDevmapReader map, InterfaceTable interfaces, FactTimes times)
{
    private static readonly Condition _attached = ConditionTypes.Attached.True("Attached", "The redirect program runs on the interface.");

    private const string DetachedReason = "Detached";

    private static readonly Condition _attachedToHardware = ConditionTypes.Attached.True(
        "Attached", $"The redirect program runs on the interface. {CommonRemedies.ResetsNic} Detaching does so, too.");

    /// <summary>Returns the attachment as the API shows it.</summary>
    public Attachment View(PlacedAttachment attachment)
    {
        var record = attachment.Record;
        var link = map.LiveLink(attachment, interfaces);
        var (state, condition) = (link, attachment.Failure) switch
        {
            (_, { } failure) => (AttachmentState.Failed, ConditionTypes.Attached.False(failure.Reason, failure.Message, failure.Remedy)),
            (null, _) when interfaces.Find(record.Interface) is { } ingress => (AttachmentState.Pending, Detached(ConditionTypes.Attached, record.Devmap, ingress)),
            (null, _) => (AttachmentState.Pending, ConditionTypes.Attached.False(
                "NoSuchInterface",
                $"There is no interface '{record.Interface}'; the redirect program is attached when the interface appears.",
                CommonRemedies.CreateInterface(record.Interface))),
            _ => (AttachmentState.Attached, interfaces.Find(record.Interface) is { IsHardware: true } ? _attachedToHardware : _attached),
        };
        return new Attachment(
            record.Devmap, interfaces.Canonical(record.Interface), record.Revision, record.CreateTime, record.UpdateTime, record.Spec,
            new AttachmentStatus(state, link?.Ifindex, link?.LinkId, link?.Mode, link?.ProgramId, [condition with { LastTransitionTime = condition.Reason == DetachedReason ? times.OfDetached(record.Devmap, record.Interface) : attachment.Since }]));
    }

    /// <summary>The redirect program does not run although it was attached and the interface exists.</summary>
    public static Condition Detached(ConditionType type, string devmap, InterfaceInfo ingress) => type.False(
        DetachedReason, $"The redirect program of '{devmap}' was detached from '{ingress.Name}' by somebody else.", CommonRemedies.Audit(devmap));
}

/// <summary>The links of attachments, as the kernel has them.</summary>
internal static class LiveLinks
{
    /// <summary>Returns the link of an attachment if it runs on the interface of that name now; else null.</summary>
    public static DevmapLink? LiveLink(this IDevmapReader map, PlacedAttachment attachment, InterfaceTable interfaces) =>
        map.FindLink(attachment.Record.Interface) is { Ifindex: not 0 } link && link.Ifindex == interfaces.Find(attachment.Record.Interface)?.Ifindex
            ? link
            : null;
}
