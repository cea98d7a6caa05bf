using ControlPlane.Core.Model;

namespace ControlPlane.Core.State;

/// <summary>One change as the writer made it, in the <see cref="ChangeLog"/>.</summary>
/// <param name="Devmap">The devmap that changed; <see cref="OfHost"/> for an egress program or a lease.</param>
/// <param name="Revision">The revision of the change; a change of status alone has that of the change before it.</param>
internal abstract record Change(DevmapId Devmap, long Revision)
{
    /// <summary>The position of a change that is not in the log: it was made for one stream.</summary>
    public const long OutOfLog = -1;

    /// <summary>Stands for a devmap in changes of egress programs and leases, which belong to none.</summary>
    public static DevmapId OfHost { get; } = new("host", null);

    /// <summary>The place in the log. Set once, before the change is published.</summary>
    public long Position { get; set; }

    /// <summary>Whether another change of the same call follows in this devmap: a stream can be resumed only after the last one.</summary>
    public bool IsPart { get; set; }

    /// <summary>Whether another change of the same call follows in any devmap.</summary>
    public bool IsPartOfCall { get; set; }

    /// <summary>Watchers at this revision or later have already seen this change.</summary>
    public virtual long Covers => Revision;

    public sealed record DevmapPut(DevmapId Devmap, DevmapRecord Record) : Change(Devmap, Record.Revision);

    /// <summary>The devmap is deleted with all that was in it; there is no other change of that.</summary>
    public sealed record DevmapDeleted(DevmapId Devmap, long Revision) : Change(Devmap, Revision);

    public sealed record EntryPut(DevmapId Devmap, PlacedEntry Entry, EntryRecord? Before) : Change(Devmap, Entry.Record.Revision);

    public sealed record EntryDeleted(DevmapId Devmap, long Revision, EntryKey Key, EntryRecord? Before) : Change(Devmap, Revision);

    /// <summary>All entries that send to an interface have changed at once; there is no other change of them.</summary>
    public sealed record EgressProgramSet(DevmapId Devmap, SwapRecord Swap, int Entries) : Change(Devmap, Swap.Revision);

    public sealed record AttachmentPut(DevmapId Devmap, PlacedAttachment Attachment, AttachmentRecord? Before) : Change(Devmap, Attachment.Record.Revision);

    public sealed record AttachmentDeleted(DevmapId Devmap, long Revision, string Interface, AttachmentRecord? Before) : Change(Devmap, Revision);

    public sealed record ProgramPut(PlacedProgram Program, EgressProgramRecord? Before) : Change(OfHost, Program.Record.Revision);

    public sealed record ProgramDeleted(long Revision, string Name, EgressProgramRecord? Before) : Change(OfHost, Revision);

    public sealed record LeasePut(LeaseRecord Lease, LeaseRecord? Before) : Change(OfHost, Lease.Revision);

    public sealed record LeaseDeleted(long Revision, string Name, LeaseRecord? Before) : Change(OfHost, Revision);

    public sealed record Status(DevmapId Devmap, long Revision, string Interface, uint? Ifindex, int Entries, bool Attachment) : Change(Devmap, Revision)
    {
        // A watcher at this revision can still lack this change: several can follow one revision.
        public override long Covers => Revision + 1;
    }

    public sealed record DriftFound(DevmapId Devmap, long Revision, int Found, int Repaired) : Change(Devmap, Revision)
    {
        public override long Covers => Revision + 1;
    }
}
