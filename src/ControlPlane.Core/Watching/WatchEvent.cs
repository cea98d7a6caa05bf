using ControlPlane.Core.Model;

namespace ControlPlane.Core.Watching;

/// <summary>
/// What a watcher of a devmap is told. A snapshot begins the stream, unless it is resumed; then <see cref="Synced"/>; then every
/// change in the order of revisions, exactly once.
/// </summary>
/// <param name="Revision">
/// The revision the stream can be resumed from, which then goes on after this event; null within the snapshot, which cannot be resumed.
/// </param>
public abstract record WatchEvent(long? Revision)
{
    /// <summary>The entry is this.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Entry">
    /// The entry as the change made it. Its status is that of the moment it is sent, and may already be that of a later change.
    /// </param>
    public sealed record EntryPut(long? Revision, Entry Entry) : WatchEvent(Revision);

    /// <summary>There is no such entry any more. It may be one that the snapshot did not have.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Key">The canonical text form of its key.</param>
    public sealed record EntryDeleted(long? Revision, string Key) : WatchEvent(Revision);

    /// <summary>The attachment is this.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Attachment">The attachment; its status likewise is that of the moment.</param>
    public sealed record AttachmentPut(long? Revision, Attachment Attachment) : WatchEvent(Revision);

    /// <summary>There is no such attachment any more.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Interface">The name of the ingress interface.</param>
    public sealed record AttachmentDeleted(long? Revision, string Interface) : WatchEvent(Revision);

    /// <summary>
    /// An interface came, went or changed, and with it the status of what depends on it: one event however many entries those are.
    /// It has no revision of its own but that of the last change before it; a stream resumed from there tells it again.
    /// </summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Interface">The interface.</param>
    /// <param name="Ifindex">Its index now; null when it is gone.</param>
    /// <param name="Entries">How many entries of the devmap send to it or have it as their key.</param>
    /// <param name="Attachment">Whether the devmap's redirect program is to run on it.</param>
    public sealed record StatusChanged(long? Revision, string Interface, uint? Ifindex, int Entries, bool Attachment) : WatchEvent(Revision);

    /// <summary>An audit has found that others changed the devmap in the kernel. Like a change of status it has no revision of its own.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Found">How many differences there were.</param>
    /// <param name="Repaired">How many of them were put right.</param>
    public sealed record DriftFound(long? Revision, int Found, int Repaired) : WatchEvent(Revision);

    /// <summary>All up to this revision has been told; what follows is new.</summary>
    /// <param name="Revision">As above.</param>
    public sealed record Synced(long? Revision) : WatchEvent(Revision);

    /// <summary>Nothing has happened in this devmap for a while; resume from here.</summary>
    /// <param name="Revision">As above.</param>
    public sealed record Bookmark(long? Revision) : WatchEvent(Revision);
}
