using ControlPlane.Core.Api;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>One page of entries.</summary>
internal sealed class EntryListResource
{
    /// <summary>
    /// The entries, in the order of the kernel's hash buckets. An entry that is there during the whole walk is in exactly one
    /// page.
    /// </summary>
    public required IEnumerable<EntryResource> Entries { get; init; }

    /// <summary>The `pageToken` of the next page; null on the last one.</summary>
    /// <example>null</example>
    public required string? NextPageToken { get; init; }

    /// <summary>The daemon's revision when the page was begun.</summary>
    /// <example>42</example>
    public required long Revision { get; init; }

    /// <summary>The entries are made one by one while they are written, so that a page of 10,000 is never held twice.</summary>
    public static EntryListResource From(EntryPage page)
    {
        var conditions = new ConditionResources();
        return new()
        {
            Entries = page.Entries.Select(e => EntryResource.From(e, conditions)),
            NextPageToken = page.NextPageToken,
            Revision = page.Revision,
        };
    }
}
