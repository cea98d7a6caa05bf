using System.Text.Json.Serialization;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Watching;

/// <summary>
/// An event of a devmap. A stream begins with a snapshot, unless it is resumed; then comes <c>synced</c>; then every change in the order of
/// revisions, exactly once.
/// </summary>
/// <param name="Revision">
/// The revision the stream can be resumed from, which then goes on after this event. Null where a stream cannot be resumed: within the snapshot, before
/// the last change of a call that changes several entries at once, while changes of status are held to fold them, and in a stream of entries in one state.
/// </param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(EntryPut), "entry")]
[JsonDerivedType(typeof(EntryDeleted), "entryDeleted")]
[JsonDerivedType(typeof(EgressProgramSet), "egressProgramSet")]
[JsonDerivedType(typeof(AttachmentPut), "attachment")]
[JsonDerivedType(typeof(AttachmentDeleted), "attachmentDeleted")]
[JsonDerivedType(typeof(ProgramPut), "program")]
[JsonDerivedType(typeof(ProgramDeleted), "programDeleted")]
[JsonDerivedType(typeof(LeasePut), "lease")]
[JsonDerivedType(typeof(LeaseDeleted), "leaseDeleted")]
[JsonDerivedType(typeof(DevmapPut), "definition")]
[JsonDerivedType(typeof(DevmapDeleted), "devmapDeleted")]
[JsonDerivedType(typeof(StatusChanged), "statusChanged")]
[JsonDerivedType(typeof(DriftFound), "driftFound")]
[JsonDerivedType(typeof(Synced), "synced")]
[JsonDerivedType(typeof(Bookmark), "bookmark")]
public abstract record WatchEvent(
    [property: JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Revision)
{
    /// <summary>The devmap, in a stream of several devmaps. Null in the stream of one devmap, and for events of no devmap.</summary>
    [JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Devmap { get; init; }

    /// <summary>The devmap is this. The snapshot of a stream of one devmap does not have it.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Definition">The devmap; its status is that of the moment.</param>
    public sealed record DevmapPut(long? Revision, Devmap Definition) : WatchEvent(Revision);

    /// <summary>There is no such devmap any more, and nothing that was in it. The stream of the devmap ends.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Name">The name of the devmap.</param>
    public sealed record DevmapDeleted(long? Revision, string Name) : WatchEvent(Revision);

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

    /// <summary>
    /// All entries of the devmap that send to an interface carry this egress program, under this revision: one event however many entries those
    /// are, and none for each. The kernel may follow later; a change of status then says that it has.
    /// </summary>
    /// <param name="Revision">As above. Also the revision of the entries from now on.</param>
    /// <param name="Interface">The interface.</param>
    /// <param name="EgressProgram">The program; null for none.</param>
    /// <param name="Entries">How many entries of the devmap have changed.</param>
    /// <param name="UpdateTime">When the entries were changed.</param>
    public sealed record EgressProgramSet(
        long? Revision,
        string Interface,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? EgressProgram,
        int Entries,
        DateTimeOffset UpdateTime) : WatchEvent(Revision);

    /// <summary>The attachment is this.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Attachment">The attachment; its status is also that of the moment.</param>
    public sealed record AttachmentPut(long? Revision, Attachment Attachment) : WatchEvent(Revision);

    /// <summary>There is no such attachment any more.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Interface">The name of the ingress interface.</param>
    public sealed record AttachmentDeleted(long? Revision, string Interface) : WatchEvent(Revision);

    /// <summary>The egress program is this. Only a stream of several devmaps has programs.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Program">The program; its status is also that of the moment.</param>
    public sealed record ProgramPut(long? Revision, EgressProgram Program) : WatchEvent(Revision);

    /// <summary>There is no such egress program any more.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Name">The name of the program.</param>
    public sealed record ProgramDeleted(long? Revision, string Name) : WatchEvent(Revision);

    /// <summary>The lease is this. Only a stream of several devmaps has leases. Keeping a lease alive is no change.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Lease">The lease; its status is also that of the moment.</param>
    public sealed record LeasePut(long? Revision, Lease Lease) : WatchEvent(Revision);

    /// <summary>There is no such lease any more: it was deleted, or its time is over.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Name">The name of the lease.</param>
    public sealed record LeaseDeleted(long? Revision, string Name) : WatchEvent(Revision);

    /// <summary>
    /// An interface came, went or changed, and with it the status of what depends on it: one event however many entries those are.
    /// It has no revision of its own but that of the last change before it; a stream resumed from there tells it again.
    /// </summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Interface">The interface.</param>
    /// <param name="Ifindex">Its index now; null if it no longer exists.</param>
    /// <param name="Entries">How many entries of the devmap send to it or have it as their key.</param>
    /// <param name="HasAttachment">Whether the devmap has an attachment to it.</param>
    public sealed record StatusChanged(
        long? Revision,
        string Interface,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] uint? Ifindex,
        int Entries,
        bool HasAttachment) : WatchEvent(Revision);

    /// <summary>An audit has found that others changed the devmap in the kernel. Like a change of status it has no revision of its own.</summary>
    /// <param name="Revision">As above.</param>
    /// <param name="Found">How many differences there were.</param>
    /// <param name="Repaired">How many of them were repaired.</param>
    public sealed record DriftFound(long? Revision, int Found, int Repaired) : WatchEvent(Revision);

    /// <summary>All changes up to this revision were sent; the events that follow are new.</summary>
    /// <param name="Revision">As above.</param>
    public sealed record Synced(long? Revision) : WatchEvent(Revision);

    /// <summary>Nothing has happened in this devmap for a while; resume from here.</summary>
    /// <param name="Revision">As above.</param>
    public sealed record Bookmark(long? Revision) : WatchEvent(Revision);
}
