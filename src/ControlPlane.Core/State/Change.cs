using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>One change as the writer made it, in the <see cref="ChangeLog"/>.</summary>
/// <param name="Devmap">Where.</param>
/// <param name="Revision">At which revision; a change of status alone has that of the change before it.</param>
internal abstract record Change(DevmapState Devmap, long Revision)
{
    /// <summary>Its place in the log. Set once, before it is published.</summary>
    public long Position { get; set; }

    /// <summary>The least revision whose holder needs not be told of this.</summary>
    public virtual long Covers => Revision;

    public sealed record EntryPut(DevmapState Devmap, PlacedEntry Entry) : Change(Devmap, Entry.Record.Revision);

    public sealed record EntryDeleted(DevmapState Devmap, long Revision, EntryKey Key) : Change(Devmap, Revision);

    public sealed record AttachmentPut(DevmapState Devmap, PlacedAttachment Attachment) : Change(Devmap, Attachment.Record.Revision);

    public sealed record AttachmentDeleted(DevmapState Devmap, long Revision, string Interface) : Change(Devmap, Revision);

    public sealed record Status(DevmapState Devmap, long Revision, string Interface, uint? Ifindex, int Entries, bool Attachment) : Change(Devmap, Revision)
    {
        // Whoever has the revision need not have this: several can come after one change.
        public override long Covers => Revision + 1;
    }

    public sealed record DriftFound(DevmapState Devmap, long Revision, int Found, int Repaired) : Change(Devmap, Revision)
    {
        public override long Covers => Revision + 1;
    }
}
