using Google.Protobuf.WellKnownTypes;
using AttachmentState = ControlPlane.Core.Model.AttachmentState;
using AttachMode = ControlPlane.Core.Model.AttachMode;
using WireMode = Devmapd.V1.AttachMode;
using WireState = Devmapd.V1.AttachmentState;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Attachments from Core to the contract.</summary>
internal static class AttachmentMessages
{
    public static Devmapd.V1.Attachment ToMessage(this ControlPlane.Core.Model.Attachment view)
    {
        var record = view;
        return new Devmapd.V1.Attachment
        {
            Devmap = record.Devmap,
            Interface = record.Interface,
            Mode = record.Spec.Mode.ToMessage(),
            Revision = record.Revision,
            CreatedAt = Timestamp.FromDateTimeOffset(record.CreateTime),
            UpdatedAt = Timestamp.FromDateTimeOffset(record.UpdateTime),
            Status = Status(view),
        };
    }

    private static Devmapd.V1.AttachmentStatus Status(ControlPlane.Core.Model.Attachment view)
    {
        var status = new Devmapd.V1.AttachmentStatus
        {
            State = view.Status.State switch
            {
                AttachmentState.Attached => WireState.Attached,
                AttachmentState.Pending => WireState.Pending,
                AttachmentState.Failed => WireState.Failed,
                _ => throw new ArgumentOutOfRangeException(nameof(view), view.Status.State, "not in the contract"),
            },
        };
        if (view.Status.Ifindex is { } ifindex)
            status.Ifindex = ifindex;
        if (view.Status.LinkId is { } linkId)
            status.LinkId = linkId;
        if (view.Status is { State: not AttachmentState.Attached, Conditions: [var condition, ..] })
            status.Message = condition.Message;
        return status;
    }

    public static WireMode ToMessage(this AttachMode mode) => mode switch
    {
        AttachMode.Native => WireMode.Native,
        AttachMode.Generic => WireMode.Generic,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "not in the contract"),
    };
}
