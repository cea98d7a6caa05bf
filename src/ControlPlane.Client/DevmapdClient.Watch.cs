using System.Runtime.CompilerServices;
using Devmapd.V1;
using Grpc.Core;

namespace ControlPlane.Client;

/// <summary>An item of a watch.</summary>
/// <param name="Event">The event; null where a snapshot begins.</param>
public readonly record struct WatchItem(WatchResponse? Event)
{
    /// <summary>
    /// Whether a snapshot begins. The events up to <see cref="WatchResponse.Synced"/> are the whole content of the devmap; state from
    /// earlier items is no longer valid.
    /// </summary>
    public bool BeginsSnapshot => Event is null;
}

/// <summary>An item of a watch of several devmaps.</summary>
/// <param name="Devmap">The devmap that the event is about; null if it is about none.</param>
/// <param name="Event">The event; null where a snapshot begins.</param>
public readonly record struct DevmapsWatchItem(string? Devmap, WatchResponse? Event)
{
    /// <summary>Whether a snapshot begins, as in <see cref="WatchItem.BeginsSnapshot"/>.</summary>
    public bool BeginsSnapshot => Event is null;
}

/// <summary>Watches that survive breaks of the connection.</summary>
public sealed partial class DevmapdClient
{
    private const string RevisionField = "revision";

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchItem> WatchAsync(string devmap, long? revision = null, CancellationToken cancellationToken = default)
    {
        var request = new WatchRequest { Devmap = devmap };
        if (revision is { } last)
            request.Revision = last;
        return WatchAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchItem> WatchAsync(WatchRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var stream = ResumeAsync(Open, item => item.HasRevision ? item.Revision : null, request.HasRevision ? request.Revision : null, cancellationToken);
        await foreach (var item in stream)
            yield return new WatchItem(item);

        AsyncServerStreamingCall<WatchResponse> Open(long? revision)
        {
            var next = request.Clone();
            next.ClearRevision();
            if (revision is { } last)
                next.Revision = last;
            return Devmaps.Watch(next, cancellationToken: cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<DevmapsWatchItem> WatchDevmapsAsync(
        WatchDevmapsRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var stream = ResumeAsync(
            Open, item => item.Event is { HasRevision: true } e ? e.Revision : null, request.HasRevision ? request.Revision : null, cancellationToken);
        await foreach (var item in stream)
            yield return new DevmapsWatchItem(item is { HasDevmap: true } ? item.Devmap : null, item?.Event);

        AsyncServerStreamingCall<WatchDevmapsResponse> Open(long? revision)
        {
            var next = request.Clone();
            next.ClearRevision();
            if (revision is { } last)
                next.Revision = last;
            return Devmaps.WatchDevmaps(next, cancellationToken: cancellationToken);
        }
    }

    // Gives null where a snapshot begins.
    private async IAsyncEnumerable<T?> ResumeAsync<T>(
        Func<long?, AsyncServerStreamingCall<T>> open,
        Func<T, long?> revisionOf,
        long? revision,
        [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : class
    {
        var wasConnected = false;
        var attempt = 0;
        while (true)
        {
            using var call = open(revision);
            var beginsSnapshot = revision is null;
            DevmapdException? failure;
            while ((failure = await NextAsync(call.ResponseStream, cancellationToken)) is null)
            {
                (wasConnected, attempt) = (true, 0);
                if (beginsSnapshot)
                    yield return null;
                beginsSnapshot = false;
                var response = call.ResponseStream.Current;
                revision = revisionOf(response) ?? revision;
                yield return response;
            }

            if (revision is not null && IsRevisionLost(failure))
            {
                revision = null;
                continue;
            }

            if (!wasConnected || !(failure.Code is null or DevmapdErrors.ShuttingDown or DevmapdErrors.TooManyStreams))
                throw failure;
            await Task.Delay(RetryRules.Delay(failure, ++attempt, _options), cancellationToken);
        }
    }

    // An iterator cannot yield where it catches. Null means that there is a next event.
    private static async Task<DevmapdException?> NextAsync<T>(IAsyncStreamReader<T> stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.MoveNext(cancellationToken) ? null : new DevmapdException(new RpcException(new Status(StatusCode.Unavailable, "The stream ended.")));
        }
        catch (DevmapdException failure)
        {
            return failure;
        }
    }

    // Too old, or of another store.
    private static bool IsRevisionLost(DevmapdException failure) =>
        failure.Code == DevmapdErrors.RevisionCompacted
        || (failure.Code == DevmapdErrors.InvalidArgument && failure.Fields.Any(f => f.Field == RevisionField));
}
