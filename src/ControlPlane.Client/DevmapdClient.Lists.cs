using System.Runtime.CompilerServices;
using Devmapd.V1;
using Google.Protobuf.Collections;

namespace ControlPlane.Client;

/// <summary>Lists, page by page.</summary>
public sealed partial class DevmapdClient
{
    /// <inheritdoc/>
    public IAsyncEnumerable<Entry> ListEntriesAsync(ListEntriesRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var next = request.Clone();
        return ListAsync(
            async (token, cancellation) =>
            {
                next.PageToken = token;
                var page = await Devmaps.ListEntriesAsync(next, cancellationToken: cancellation);
                return (page.Entries, page.NextPageToken);
            },
            next.PageToken,
            cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<EntryCounters> ListCountersAsync(ListCountersRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var next = request.Clone();
        return ListAsync(
            async (token, cancellation) =>
            {
                next.PageToken = token;
                var page = await Devmaps.ListCountersAsync(next, cancellationToken: cancellation);
                return (page.Counters, page.NextPageToken);
            },
            next.PageToken,
            cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Change> ListChangesAsync(ListChangesRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var next = request.Clone();
        return ListAsync(
            async (token, cancellation) =>
            {
                next.PageToken = token;
                var page = await Changes.ListChangesAsync(next, cancellationToken: cancellation);
                return (page.Changes, page.NextPageToken);
            },
            next.PageToken,
            cancellationToken);
    }

    private static async IAsyncEnumerable<T> ListAsync<T>(
        Func<string, CancellationToken, Task<(RepeatedField<T> Items, string NextPageToken)>> read,
        string pageToken,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        do
        {
            (var items, pageToken) = await read(pageToken, cancellationToken);
            foreach (var item in items)
                yield return item;
        }
        while (pageToken.Length > 0);
    }
}
