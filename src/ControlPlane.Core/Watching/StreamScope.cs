using System.Runtime.CompilerServices;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Watching;

/// <summary>The parts that the watchers of a devmap share.</summary>
internal sealed record Feed(WatchViews Views, SnapshotPages Snapshot, RecentEvents Changes);

/// <summary>The begin of a stream with a snapshot.</summary>
/// <param name="position">The position in the log after which the changes follow.</param>
/// <param name="revision">The revision of the snapshot.</param>
/// <param name="snapshot">The state at that revision.</param>
internal sealed class ScopeSnapshot(long position, long revision, Snapshot snapshot)
{
    private Snapshot? _snapshot = snapshot;

    /// <summary>The position in the log after which the changes follow.</summary>
    public long Position => position;

    /// <summary>The revision of the snapshot.</summary>
    public long Revision => revision;

    /// <summary>Returns the state, once. A stream lasts longer than its snapshot, and must not keep tables that have changed since.</summary>
    public Snapshot Take() => Interlocked.Exchange(ref _snapshot, null) ?? throw new InvalidOperationException("a snapshot is read once");
}

/// <summary>The content of a stream.</summary>
internal abstract class StreamScope
{
    /// <summary>A devmap of the stream, for messages.</summary>
    public abstract string Name { get; }

    /// <summary>The devmaps.</summary>
    public abstract IReadOnlyCollection<DevmapId> Devmaps { get; }

    /// <summary>Whether the stream has changes of resources that belong to no devmap.</summary>
    public abstract bool HasHost { get; }

    /// <summary>Returns the revision of the content in a snapshot.</summary>
    public abstract long RevisionIn(Snapshot snapshot);

    /// <summary>Returns the events of a snapshot that pass a filter. A state is not asked for.</summary>
    public abstract IAsyncEnumerable<WatchEvent> ReadAsync(ScopeSnapshot start, WatchFilter filter, CallerAccount caller, CancellationToken cancellation);

    /// <summary>Whether a change belongs to the content.</summary>
    public abstract bool Includes(Change change);

    /// <summary>Returns the event for a change of the content.</summary>
    public abstract WatchEvent EventOf(Change change);

    /// <summary>Returns the parts that the watchers of a devmap of the stream share.</summary>
    public abstract Feed FeedOf(DevmapId devmap);

    /// <summary>Returns the event of a devmap as the stream has it.</summary>
    public abstract WatchEvent Named(WatchEvent happened, DevmapId devmap);
}

/// <summary>The stream of one devmap.</summary>
internal sealed class OneDevmap(DevmapId devmap, Feed feed) : StreamScope
{
    public override string Name => devmap.Name;

    public override IReadOnlyCollection<DevmapId> Devmaps => [devmap];

    public override bool HasHost => false;

    public override long RevisionIn(Snapshot snapshot) => snapshot.Devmap(devmap.Name).Revision;

    public override IAsyncEnumerable<WatchEvent> ReadAsync(ScopeSnapshot start, WatchFilter filter, CallerAccount caller, CancellationToken cancellation) =>
        feed.Snapshot.ReadAsync(new SnapshotStart(start.Position, start.Revision, start.Take().Devmap(devmap.Name)), filter, caller, cancellation);

    public override bool Includes(Change change) => change.Devmap == devmap;

    public override WatchEvent EventOf(Change change) => feed.Changes.Of(change);

    public override Feed FeedOf(DevmapId devmap) => feed;

    public override WatchEvent Named(WatchEvent happened, DevmapId devmap) => happened;
}

/// <summary>The stream of several devmaps, and of resources that belong to none.</summary>
internal sealed class ManyDevmaps(IReadOnlyDictionary<DevmapId, Feed> feeds, HostEvents host) : StreamScope
{
    public override string Name => Devmaps.Count == 0 ? "" : Devmaps.First().Name;

    public override IReadOnlyCollection<DevmapId> Devmaps => [.. feeds.Keys];

    public override bool HasHost => true;

    public override long RevisionIn(Snapshot snapshot) => snapshot.Revision;

    public override async IAsyncEnumerable<WatchEvent> ReadAsync(
        ScopeSnapshot start, WatchFilter filter, CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var snapshot = start.Take();
        foreach (var told in host.Of(snapshot, filter))
            yield return told;
        foreach (var (devmap, feed) in feeds)
        {
            if (snapshot.Find(devmap) is not { } state)
                continue;
            await foreach (var told in feed.Snapshot.ReadAsync(new SnapshotStart(start.Position, start.Revision, state), filter, caller, cancellation))
                yield return Named(told, devmap);
        }
    }

    public override bool Includes(Change change) => change.Devmap == Change.OfHost || feeds.ContainsKey(change.Devmap);

    // The events of one devmap are shared with those who watch it alone, for whom a call that writes to several devmaps ends earlier.
    public override WatchEvent EventOf(Change change) => host.Render(change)
        ?? Named(feeds[change.Devmap].Changes.Of(change), change.Devmap) switch
        {
            var told when change.IsPartOfCall => told with { Revision = null },
            var told => told,
        };

    public override Feed FeedOf(DevmapId devmap) => feeds[devmap];

    public override WatchEvent Named(WatchEvent happened, DevmapId devmap) => happened with { Devmap = devmap.Name };
}
