using System.Text.Json.Serialization;
using ControlPlane.Core.Watching;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The data of an event. Which members there are follows from the event's type; the others are left out.</summary>
internal sealed class WatchEventResource
{
    /// <summary>The revision the stream can be resumed from, which is also the event's `id`; left out within the snapshot, which cannot be resumed.</summary>
    /// <example>42</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Revision { get; init; }

    /// <summary>`entry`: the entry is this. Its status is that of the moment it is sent, and may already be that of a later change.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EntryResource? Entry { get; init; }

    /// <summary>`attachment`: the attachment is this.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AttachmentResource? Attachment { get; init; }

    /// <summary>`entryDeleted`: the key of the entry that is gone. It may be one that the snapshot did not have.</summary>
    /// <example>lo</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Key { get; init; }

    /// <summary>`attachmentDeleted`: the ingress interface the program no longer is to run on. `statusChanged`: the interface that came, went or changed.</summary>
    /// <example>eth0</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Interface { get; init; }

    /// <summary>`statusChanged`: the interface's index now; left out when it is gone.</summary>
    /// <example>2</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public uint? Ifindex { get; init; }

    /// <summary>`statusChanged`: how many entries send to the interface or have it as their key.</summary>
    /// <example>100</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Entries { get; init; }

    /// <summary>`statusChanged`: whether the devmap's redirect program is to run on the interface.</summary>
    /// <example>false</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Attached { get; init; }

    /// <summary>`drift`: how many differences, made by others, an audit found between the kernel and what is wanted.</summary>
    /// <example>1</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Found { get; init; }

    /// <summary>`drift`: how many of them were put right.</summary>
    /// <example>1</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Repaired { get; init; }

    /// <summary>An event's type, and its data.</summary>
    public static (string Type, WatchEventResource Data) From(WatchEvent told) => told switch
    {
        WatchEvent.EntryPut put => ("entry", new() { Revision = put.Revision, Entry = EntryResource.From(put.Entry) }),
        WatchEvent.EntryDeleted deleted => ("entryDeleted", new() { Revision = deleted.Revision, Key = deleted.Key }),
        WatchEvent.AttachmentPut put => ("attachment", new() { Revision = put.Revision, Attachment = AttachmentResource.From(put.Attachment) }),
        WatchEvent.AttachmentDeleted deleted => ("attachmentDeleted", new() { Revision = deleted.Revision, Interface = deleted.Interface }),
        WatchEvent.StatusChanged status => ("statusChanged", new()
        {
            Revision = status.Revision,
            Interface = status.Interface,
            Ifindex = status.Ifindex,
            Entries = status.Entries,
            Attached = status.Attachment,
        }),
        WatchEvent.DriftFound drift => ("drift", new() { Revision = drift.Revision, Found = drift.Found, Repaired = drift.Repaired }),
        WatchEvent.Synced => ("synced", new() { Revision = told.Revision }),
        WatchEvent.Bookmark => ("bookmark", new() { Revision = told.Revision }),
        _ => throw new ArgumentOutOfRangeException(nameof(told), told, "not in the contract"),
    };
}
