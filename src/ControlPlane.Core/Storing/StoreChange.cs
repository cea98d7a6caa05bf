using ControlPlane.Core.Attachments;
using ControlPlane.Core.Entries;
using ControlPlane.Core.Keys;

namespace ControlPlane.Core.Storing;

/// <summary>One change of the desired state.</summary>
public abstract record StoreChange
{
    private StoreChange()
    {
    }

    /// <summary>The devmap is one whose entries the store has.</summary>
    public sealed record PutDevmap(string Devmap) : StoreChange;

    /// <summary>The entry is to be this.</summary>
    public sealed record PutEntry(EntryRecord Entry) : StoreChange;

    /// <summary>There is to be no such entry.</summary>
    public sealed record DeleteEntry(string Devmap, EntryKey Key) : StoreChange;

    /// <summary>The attachment is to be this.</summary>
    public sealed record PutAttachment(AttachmentRecord Attachment) : StoreChange;

    /// <summary>There is to be no such attachment.</summary>
    public sealed record DeleteAttachment(string Devmap, string Interface) : StoreChange;

    /// <summary>The egress program is to be this.</summary>
    public sealed record PutProgram(StoredProgram Program) : StoreChange;

    /// <summary>There is to be no such egress program.</summary>
    public sealed record DeleteProgram(string Name) : StoreChange;
}
