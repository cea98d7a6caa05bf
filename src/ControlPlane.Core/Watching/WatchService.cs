using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;

namespace ControlPlane.Core.Watching;

/// <summary>The streams of changes of the API.</summary>
internal sealed class WatchService
{
    private readonly WatchOptions _options;
    private readonly ControlPlaneState _state;
    private readonly ChangeLog _log;
    private readonly IKernel _kernel;
    private readonly StatusEvaluators _evaluators;
    private readonly TimeProvider _time;
    private readonly PageGate _gate;
    private readonly ReplayContext _replays;
    private readonly HostEvents _host;
    private readonly DevmapViews _devmaps;
    private readonly ConcurrentDictionary<DevmapId, Feed> _feeds = new();
    private int _watchers;
    private long _cutOff;

    public WatchService(WatchOptions options, ControlPlaneState state, ChangeLog log, ChangeHistory history, IKernel kernel, StatusEvaluators evaluators, DevmapViews devmaps, PageGate gate, TimeProvider time)
    {
        (_options, _state, _log, _kernel, _evaluators, _devmaps, _gate, _time) = (options, state, log, kernel, evaluators, devmaps, gate, time);
        _replays = new ReplayContext(state, log, history, kernel.Interfaces, gate, time);
        _host = new HostEvents(state, kernel);
    }

    /// <summary>Streams that are read now.</summary>
    public int Watchers => Volatile.Read(ref _watchers);

    /// <summary>Streams that were cut off since the start because their readers were too slow.</summary>
    public long CutOff => Volatile.Read(ref _cutOff);

    /// <summary>The pages of snapshots that were rendered since the start.</summary>
    public long PagesRendered => _feeds.Values.Sum(feed => feed.Snapshot.Rendered);

    /// <summary>Cancelled when the daemon stops and all streams end.</summary>
    public CancellationToken Closed => _log.Closed;

    /// <summary>
    /// All that happens in a devmap from now on. The request is judged at once; the stream ends only by an exception. However slowly
    /// it is read, neither the writer nor another reader waits for it.
    /// </summary>
    /// <param name="devmap">The devmap's name.</param>
    /// <param name="fromRevision">The revision to go on after, as an event gave it; null to begin with a snapshot.</param>
    /// <param name="query">The filters, not yet validated.</param>
    /// <param name="request">The request. Its cancellation ends the stream.</param>
    /// <exception cref="ControlPlaneException">
    /// At once: <see cref="ErrorCode.DevmapNotFound"/>, <see cref="ErrorCode.InvalidArgument"/> for a revision that has not been yet,
    /// <see cref="ErrorCode.RevisionCompacted"/> for one that is too old, <see cref="ErrorCode.ShuttingDown"/>. From the stream: the last two,
    /// <see cref="ErrorCode.RevisionCompacted"/> when the reader has fallen too far behind.
    /// </exception>
    public IAsyncEnumerable<WatchEvent> Watch(string devmap, long? fromRevision, WatchQuery query, RequestContext request)
    {
        var (head, filter) = Judge(fromRevision, query, request);
        var id = _state.Current.Devmap(devmap).Id;
        return Begin(new OneDevmap(id, FeedFor(id)), filter, head, fromRevision, request);
    }

    /// <summary>
    /// All that happens to several devmaps, in them, to egress programs and to leases from now on, in one order. Otherwise as the stream of one devmap.
    /// </summary>
    /// <param name="devmaps">The names of the devmaps; none for all, those that are made later included.</param>
    /// <param name="fromRevision">The revision to go on after, as an event of such a stream gave it; null to begin with a snapshot.</param>
    /// <param name="query">The filters, not yet validated.</param>
    /// <param name="request">The request. Its cancellation ends the stream.</param>
    /// <exception cref="ControlPlaneException">As of the stream of one devmap.</exception>
    public IAsyncEnumerable<WatchEvent> WatchAll(IReadOnlyCollection<string> devmaps, long? fromRevision, WatchQuery query, RequestContext request)
    {
        var (head, filter) = Judge(fromRevision, query, request);
        var current = _state.Current;
        var names = devmaps.Count == 0 ? null : devmaps.ToHashSet(StringComparer.Ordinal);
        var ids = names is null ? current.Devmaps.Values.Select(d => d.Id) : names.Select(d => current.Devmap(d).Id);
        return Begin(new ManyDevmaps([.. ids], names, FeedFor, _host), filter, head, fromRevision, request);
    }

    private (ChangeLog.Head Head, WatchFilter Filter) Judge(long? fromRevision, WatchQuery query, RequestContext request)
    {
        var head = _log.Current;
        var filter = WatchFilter.Read(query, fromRevision, request.Violations, _kernel.Interfaces.Current);
        if (fromRevision < 0 && !request.Violations.Has("revision"))
            request.Violations.Add("revision", "must not be negative");
        if (fromRevision > head.Revision && !request.Violations.Has("revision"))
            request.Violations.Add("revision", string.Create(CultureInfo.InvariantCulture, $"is in the future: the daemon is at {head.Revision}"));
        request.Violations.ThrowIfAny();
        return (head, filter);
    }

    private IAsyncEnumerable<WatchEvent> Begin(StreamScope scope, WatchFilter filter, ChangeLog.Head head, long? fromRevision, RequestContext request)
    {
        if (head.IsLast)
            throw ShuttingDown();
        var flow = filter.State is null ? new StreamFlow(scope, filter, _time) : new StateFlow(scope, filter, _gate, _time);
        return RunAsync(flow, StartOf(flow, fromRevision), request.Caller.Account, request.Cancellation);
    }

    private StreamStart StartOf(StreamFlow flow, long? fromRevision)
    {
        if (fromRevision is not { } revision)
            return StartNow(flow.Scope);
        if (_log.PositionAfter(revision) is { } position)
            return new StreamStart(null, null, position);
        if (_log.PositionOfChangesAfter(revision) is null && _replays.Floor is var floor && floor > revision)
            throw new ControlPlaneException(DevmapErrors.Compacted(flow.Scope.Name, revision, floor));
        return new StreamStart(null, new HistoryReplay(_replays, flow, revision), 0);
    }

    private async IAsyncEnumerable<WatchEvent> RunAsync(
        StreamFlow flow, StreamStart begin, CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _watchers);
        try
        {
            var (start, replay, position) = begin;
            if (start is not null)
            {
                await foreach (var told in flow.Scope.ReadAsync(start, flow.Filter, caller, cancellationToken))
                {
                    if (flow.OfSnapshot(told) is { } happened)
                        yield return happened;
                }

                yield return new WatchEvent.Synced(flow.IsResumable ? start.Revision : null);
                position = start.Position;
            }

            if (replay is not null)
            {
                await foreach (var told in replay.ReadAsync(caller, cancellationToken))
                    yield return told;
                position = replay.Position;
            }

            var synced = start is not null;
            var lastTold = _time.GetTimestamp();
            while (true)
            {
                var head = _log.Current;
                for (; position < head.Position; position++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    var change = _log.Read(position) ?? throw TooSlow(flow.Scope);
                    if (flow.Of(change) is not { } happened)
                        continue;
                    yield return happened;
                    if (flow.Scope.EndsWith(change))
                        throw new ControlPlaneException(DevmapErrors.NotFound(flow.Scope.Name));
                    lastTold = _time.GetTimestamp();
                }

                if (flow.Due <= TimeSpan.Zero)
                {
                    await foreach (var happened in flow.ReleaseAsync(head.Revision, caller, cancellationToken))
                        yield return happened;
                    lastTold = _time.GetTimestamp();
                }

                if (!synced && flow.Due is null)
                {
                    yield return new WatchEvent.Synced(head.Revision);
                    synced = true;
                }

                if (head.IsLast)
                    throw ShuttingDown();
                // Also where much happens that is not for this stream.
                if (_time.GetElapsedTime(lastTold) >= _options.BookmarkPeriod && flow.Due is null)
                {
                    yield return new WatchEvent.Bookmark(flow.IsResumable ? head.Revision : null);
                    lastTold = _time.GetTimestamp();
                }

                await MoveAsync(head, flow.Due ?? (_options.BookmarkPeriod - _time.GetElapsedTime(lastTold)), cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    // The writer publishes a state, and then its changes. A state whose changes are not in the log yet is the begin of no stream.
    private StreamStart StartNow(StreamScope scope)
    {
        var spin = default(SpinWait);
        while (true)
        {
            var head = _log.Current;
            var snapshot = _state.Current;
            if (scope.RevisionIn(snapshot) <= head.Revision || head.IsLast)
                return new StreamStart(new ScopeSnapshot(head.Position, head.Revision, snapshot), null, 0);
            spin.SpinOnce();
        }
    }

    // That of a devmap that has been removed is not kept.
    private Feed FeedFor(DevmapId devmap)
    {
        if (_state.Current.Find(devmap) is not null)
            return _feeds.GetOrAdd(devmap, FeedOf);
        return _feeds.TryRemove(devmap, out var last) ? last : FeedOf(devmap);
    }

    private Feed FeedOf(DevmapId devmap)
    {
        var views = new WatchViews(_state, devmap, _kernel.Interfaces, _evaluators, _devmaps);
        return new Feed(views, new SnapshotPages(views, _log, _gate, _time), new RecentEvents(views, _time));
    }

    /// <summary>Waits for changes, or until the stream has something to send without one.</summary>
    private async Task MoveAsync(ChangeLog.Head head, TimeSpan due, CancellationToken cancellationToken)
    {
        if (!head.Moved.IsCompleted && due > TimeSpan.Zero)
            await head.Moved.WaitAsync(due, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private ControlPlaneException TooSlow(StreamScope scope)
    {
        Interlocked.Increment(ref _cutOff);
        return new(DevmapErrors.WatcherTooSlow(scope.Name, _options.LogCapacity));
    }

    private static ControlPlaneException ShuttingDown() => new(RequestErrors.StreamEnds());

    /// <summary>The begin of a stream: with a snapshot, with the history, or at a position in the ring.</summary>
    private sealed record StreamStart(ScopeSnapshot? Snapshot, HistoryReplay? Replay, long Position);
}

/// <summary>How changes are kept for watchers.</summary>
public sealed record WatchOptions
{
    /// <summary>How many of the last changes, over all devmaps, are kept in memory. Older ones come from the store's history. 1 .. 16,777,216.</summary>
    public int LogCapacity { get; init; } = 65_536;

    /// <summary>How long a stream may be silent before a bookmark is sent. At least a millisecond.</summary>
    public TimeSpan BookmarkPeriod { get; init; } = TimeSpan.FromSeconds(15);
}
