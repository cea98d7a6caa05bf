using ControlPlane.Core.Watching;
using Devmapd.V1;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Events from Core to the contract.</summary>
internal static class WatchMessages
{
    public static WatchResponse ToMessage(this WatchEvent told)
    {
        var message = new WatchResponse();
        if (told.Revision is { } revision)
            message.Revision = revision;
        switch (told)
        {
            case WatchEvent.EntryPut put:
                message.Entry = put.Entry.ToMessage();
                break;
            case WatchEvent.EntryDeleted deleted:
                message.EntryDeleted = new EntryDeleted { Key = deleted.Key };
                break;
            case WatchEvent.AttachmentPut put:
                message.Attachment = put.Attachment.ToMessage();
                break;
            case WatchEvent.AttachmentDeleted deleted:
                message.AttachmentDeleted = new AttachmentDeleted { Interface = deleted.Interface };
                break;
            case WatchEvent.StatusChanged status:
                message.StatusChanged = new StatusChanged { Interface = status.Interface, Entries = status.Entries, Attachment = status.Attachment };
                if (status.Ifindex is { } ifindex)
                    message.StatusChanged.Ifindex = ifindex;
                break;
            case WatchEvent.DriftFound drift:
                message.DriftFound = new DriftFound { Found = drift.Found, Repaired = drift.Repaired };
                break;
            case WatchEvent.Synced:
                message.Synced = new Synced();
                break;
            case WatchEvent.Bookmark:
                message.Bookmark = new Bookmark();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(told), told, "not in the contract");
        }

        return message;
    }
}
