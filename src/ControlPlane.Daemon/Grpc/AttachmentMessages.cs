using ControlPlane.Core.Attachments;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using AttachmentState = ControlPlane.Core.Attachments.AttachmentState;
using AttachMode = ControlPlane.Core.Attachments.AttachMode;
using WireMode = Devmapd.V1.AttachMode;
using WireState = Devmapd.V1.AttachmentState;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Attachments from Core to the contract.</summary>
internal static class AttachmentMessages
{
    public static Attachment ToMessage(this AttachmentView view)
    {
        var record = view.Record;
        return new Attachment
        {
            Devmap = record.Devmap,
            Interface = record.Interface,
            Mode = record.Mode.ToMessage(),
            Revision = record.Revision,
            CreatedAt = Timestamp.FromDateTimeOffset(record.CreatedAt),
            UpdatedAt = Timestamp.FromDateTimeOffset(record.UpdatedAt),
            Status = Status(view),
        };
    }

    private static AttachmentStatus Status(AttachmentView view)
    {
        var status = new AttachmentStatus
        {
            State = view.State switch
            {
                AttachmentState.Attached => WireState.Attached,
                AttachmentState.Pending => WireState.Pending,
                AttachmentState.Failed => WireState.Failed,
                _ => throw new ArgumentOutOfRangeException(nameof(view), view.State, "not in the contract"),
            },
        };
        if (view.Ifindex is { } ifindex)
            status.Ifindex = ifindex;
        if (view.LinkId is { } linkId)
            status.LinkId = linkId;
        if (view.Message is { } message)
            status.Message = message;
        return status;
    }

    public static WireMode ToMessage(this AttachMode mode) => mode switch
    {
        AttachMode.Native => WireMode.Native,
        AttachMode.Generic => WireMode.Generic,
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "not in the contract"),
    };
}
