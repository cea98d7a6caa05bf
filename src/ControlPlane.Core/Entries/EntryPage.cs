namespace ControlPlane.Core.Entries;

/// <summary>One page of a list of entries.</summary>
/// <param name="Entries">The entries, in the order of the kernel's hash buckets.</param>
/// <param name="NextPageToken">Where the next page begins; null on the last page.</param>
/// <param name="Revision">The daemon's revision when the page was begun.</param>
public sealed record EntryPage(IReadOnlyList<EntryView> Entries, string? NextPageToken, long Revision);
