using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;

namespace ControlPlane.Core.Api;

/// <summary>The entries that a list shows. Filters are joined by "and".</summary>
/// <param name="PageSize">Most entries in the answer, 1 .. <see cref="MaxPageSize"/>; null for <see cref="DefaultPageSize"/>.</param>
/// <param name="PageToken">Where the page before ended, as its answer gave it; null or empty for the first page.</param>
/// <param name="Interface">Only entries with this egress interface.</param>
/// <param name="EgressProgram">Only entries with this egress program.</param>
/// <param name="State">Only entries in this state.</param>
/// <param name="Labels">Only entries that have all of these labels, each as <c>name=value</c>.</param>
/// <param name="Owner">Only entries of this owner.</param>
/// <param name="View">How much of each entry the answer shows. The view is no filter: pages of one list may have different views.</param>
public sealed record EntryQuery(
    int? PageSize = null,
    string? PageToken = null,
    string? Interface = null,
    string? EgressProgram = null,
    EntryState? State = null,
    IReadOnlyList<string>? Labels = null,
    string? Owner = null,
    EntryView View = EntryView.Full)
{
    /// <summary>The page size when none is asked for.</summary>
    public const int DefaultPageSize = 100;

    /// <summary>The largest page size that may be asked for.</summary>
    public const int MaxPageSize = 10_000;
}

/// <summary>Reads the query of a list of entries.</summary>
internal static class EntryQueryValidation
{
    /// <summary>The filters; wrong ones are added to the violations.</summary>
    /// <param name="query">The query.</param>
    /// <param name="violations">Collects the validation errors.</param>
    /// <param name="interfaces">Returns the interfaces, of which one may have the name.</param>
    public static EntryFilter Filter(EntryQuery query, Violations violations, Func<string, InterfaceTable> interfaces)
    {
        if (query.PageSize is < 1 or > EntryQuery.MaxPageSize)
            violations.Add("pageSize", $"must be 1 to {EntryQuery.MaxPageSize}");
        return EntryFilter.Read(new(query.Interface, query.EgressProgram, query.State, query.Labels, query.Owner), violations, interfaces);
    }

    /// <summary>The page token; null for the first page.</summary>
    public static PageToken? Token(string devmap, EntryQuery query, Violations violations)
    {
        if (string.IsNullOrEmpty(query.PageToken))
            return null;
        var token = PageToken.Decode(query.PageToken, devmap, query, out var fault);
        if (fault is not null)
            violations.Add("pageToken", fault);
        return token;
    }
}

/// <summary>One page of a list of entries.</summary>
/// <param name="Entries">The entries, in the order of the kernel's hash buckets.</param>
/// <param name="NextPageToken">Where the next page begins; null on the last page.</param>
/// <param name="Revision">The daemon's revision when the page was begun.</param>
public sealed record EntryList(IReadOnlyList<Entry> Entries, string? NextPageToken, long Revision);

/// <summary>How much of each entry a list shows.</summary>
public enum EntryView
{
    /// <summary>Everything.</summary>
    Full,

    /// <summary>Identity, metadata and spec; of the status only state, kernel key and ifindex.</summary>
    Basic,
}

/// <summary>The counters of one entry.</summary>
/// <param name="Key">The key in its canonical text form.</param>
/// <param name="Packets">Frames sent to the entry, over all CPUs; 0 when the devmap does not count.</param>
/// <param name="Bytes">Bytes of those frames, from the Ethernet header on.</param>
/// <param name="Drops">Frames for the entry that an action or the kernel dropped; those of the kernel only where the host can count them.</param>
public sealed record KeyCounters(string Key, ulong Packets, ulong Bytes, ulong Drops);

/// <summary>One page of a list of counters.</summary>
/// <param name="Counters">The counters, in the order of the kernel's hash buckets.</param>
/// <param name="NextPageToken">Where the next page begins; null on the last page.</param>
/// <param name="Revision">The daemon's revision when the page was begun.</param>
public sealed record CounterList(IReadOnlyList<KeyCounters> Counters, string? NextPageToken, long Revision);

/// <summary>The traffic of one entry.</summary>
/// <param name="Key">Its key in its canonical text form.</param>
/// <param name="Interface">The egress interface.</param>
/// <param name="Counters">The frames that the redirect program sent to it.</param>
/// <param name="Dropped">Frames for the entry that an action or the kernel dropped; those of the kernel only where the host can tell.</param>
public sealed record EntryTraffic(string Key, string Interface, EntryCounters Counters, ulong Dropped);

/// <summary>The outcome of a PUT.</summary>
/// <typeparam name="T">The resource's view.</typeparam>
/// <param name="Created">Whether the resource is new; false when it was there, changed or not.</param>
/// <param name="View">The resource after it.</param>
public sealed record PutOutcome<T>(bool Created, T View)
{
    /// <summary>The result of the wait after it; null if the call has not waited.</summary>
    public WaitResult? Wait { get; init; }
}
