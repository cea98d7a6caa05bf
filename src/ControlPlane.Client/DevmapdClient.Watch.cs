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

/// <summary>Watches that survive breaks of the connection.</summary>
public sealed partial class DevmapdClient
{
    private const string RevisionCompacted = "revision_compacted";
    private const string InvalidArgument = "invalid_argument";
    private const string ShuttingDown = "shutting_down";
    private const string RevisionField = "revision";

    /// <summary>
    /// Reports every change of a devmap, in the order of revisions. After a break the stream resumes from the last revision. If the daemon
    /// no longer has the changes since, the stream begins again with a snapshot.
    /// </summary>
    /// <param name="devmap">The name of the devmap.</param>
    /// <param name="revision">The revision of the last event that the caller has seen; null to begin with a snapshot.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>A stream that ends only with an exception.</returns>
    /// <exception cref="DevmapdException">The daemon refused the watch, or has never answered.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async IAsyncEnumerable<WatchItem> WatchAsync(
        string devmap, long? revision = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var wasConnected = false;
        var delay = _options.FirstReconnectDelay;
        while (true)
        {
            using var call = Devmaps.Watch(Request(devmap, revision), cancellationToken: cancellationToken);
            var beginsSnapshot = revision is null;
            DevmapdException? failure;
            while ((failure = await NextAsync(call.ResponseStream, cancellationToken)) is null)
            {
                (wasConnected, delay) = (true, _options.FirstReconnectDelay);
                if (beginsSnapshot)
                    yield return new WatchItem(null);
                beginsSnapshot = false;
                var response = call.ResponseStream.Current;
                if (response.HasRevision)
                    revision = response.Revision;
                yield return new WatchItem(response);
            }

            if (revision is not null && IsRevisionLost(failure))
            {
                revision = null;
                continue;
            }

            if (!wasConnected || !(failure.Code is null or ShuttingDown))
                throw failure;
            await Task.Delay(delay, cancellationToken);
            delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, _options.LongestReconnectDelay.Ticks));
        }
    }

    private static WatchRequest Request(string devmap, long? revision)
    {
        var request = new WatchRequest { Devmap = devmap };
        if (revision is { } last)
            request.Revision = last;
        return request;
    }

    // An iterator cannot yield where it catches. Null means that there is a next event.
    private static async Task<DevmapdException?> NextAsync(IAsyncStreamReader<WatchResponse> stream, CancellationToken cancellationToken)
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
        failure.Code == RevisionCompacted || (failure.Code == InvalidArgument && failure.Fields.Any(f => f.Field == RevisionField));
}
