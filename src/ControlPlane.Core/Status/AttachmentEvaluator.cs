using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>Derives the status of attachments.</summary>
internal static class AttachmentEvaluator
{
    private static readonly Condition _attached = ConditionTypes.Attached.True("Attached", "The redirect program runs on the interface.");

    /// <summary>Returns the attachment as the API shows it.</summary>
    public static Attachment View(PlacedAttachment attachment, FactTimes times)
    {
        var (record, link, failure) = attachment;
        var (state, condition) = (link, failure) switch
        {
            (_, not null) => (AttachmentState.Failed, ConditionTypes.Attached.False("KernelRefused", failure)),
            (null, _) => (AttachmentState.Pending, ConditionTypes.Attached.False(
                "NoSuchInterface",
                $"There is no interface '{record.Interface}'; the redirect program is attached when the interface appears.",
                CommonRemedies.CreateInterface(record.Interface))),
            _ => (AttachmentState.Attached, _attached),
        };
        return new Attachment(
            record.Devmap, record.Interface, record.Revision, record.CreateTime, record.UpdateTime, record.Spec,
            new AttachmentStatus(state, link?.Ifindex, link?.LinkId, [condition with { LastTransitionTime = times.Since(record.Interface, record.UpdateTime) }]));
    }
}
