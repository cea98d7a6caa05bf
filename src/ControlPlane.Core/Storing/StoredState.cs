using ControlPlane.Core.Attachments;
using ControlPlane.Core.Entries;

namespace ControlPlane.Core.Storing;

/// <summary>All that a store has.</summary>
/// <param name="Revision">The revision it is of; 0 for a store that is new.</param>
/// <param name="Devmaps">
/// The devmaps whose entries it has, even if none. Of another devmap, what is pinned in the kernel is all there is to know, and is taken over.
/// </param>
/// <param name="Entries">The entries.</param>
/// <param name="Attachments">The attachments.</param>
/// <param name="Programs">The egress programs.</param>
public sealed record StoredState(
    long Revision,
    IReadOnlyCollection<string> Devmaps,
    IReadOnlyList<EntryRecord> Entries,
    IReadOnlyList<AttachmentRecord> Attachments,
    IReadOnlyList<StoredProgram> Programs);
