using System.Runtime.CompilerServices;
using Devmapd.V1;

namespace ControlPlane.Client;

/// <summary>Lists, page by page.</summary>
public sealed partial class DevmapdClient
{
    /// <summary>Lists entries. Each page is requested when the one before has been read.</summary>
    /// <param name="request">The devmap and the filters. The stream sets the page tokens of a copy.</param>
    /// <param name="cancellationToken">Ends the list.</param>
    /// <exception cref="DevmapdException">A page could not be read.</exception>
    public async IAsyncEnumerable<Entry> ListEntriesAsync(
        ListEntriesRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var page = request.Clone();
        do
        {
            var response = await Devmaps.ListEntriesAsync(page, cancellationToken: cancellationToken);
            foreach (var entry in response.Entries)
                yield return entry;
            page.PageToken = response.NextPageToken;
        }
        while (page.PageToken.Length > 0);
    }

    /// <summary>Lists the counters of entries. Each page is requested when the one before has been read.</summary>
    /// <inheritdoc cref="ListEntriesAsync"/>
    public async IAsyncEnumerable<EntryCounters> ListCountersAsync(
        ListCountersRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var page = request.Clone();
        do
        {
            var response = await Devmaps.ListCountersAsync(page, cancellationToken: cancellationToken);
            foreach (var counters in response.Counters)
                yield return counters;
            page.PageToken = response.NextPageToken;
        }
        while (page.PageToken.Length > 0);
    }
}
