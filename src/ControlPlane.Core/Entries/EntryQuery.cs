namespace ControlPlane.Core.Entries;

/// <summary>Which entries a list is to have. Filters are joined by "and".</summary>
/// <param name="PageSize">Most entries in the answer, 1 .. <see cref="MaxPageSize"/>; null for <see cref="DefaultPageSize"/>.</param>
/// <param name="PageToken">Where the page before ended, as its answer gave it; null or empty for the first page.</param>
/// <param name="Interface">Only entries with this egress interface.</param>
/// <param name="EgressProgram">Only entries with this egress program.</param>
/// <param name="State">Only entries in this state, by its name.</param>
/// <param name="Labels">Only entries that carry all of these labels, each as <c>name=value</c>.</param>
public sealed record EntryQuery(
    int? PageSize = null,
    string? PageToken = null,
    string? Interface = null,
    string? EgressProgram = null,
    string? State = null,
    IReadOnlyList<string>? Labels = null)
{
    /// <summary>The page size when none is asked for.</summary>
    public const int DefaultPageSize = 100;

    /// <summary>The largest page size that may be asked for.</summary>
    public const int MaxPageSize = 10_000;
}
