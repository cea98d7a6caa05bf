using System.Runtime.CompilerServices;
using ControlPlane.Core.Errors;
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

    /// <summary>The devmaps that there are at the begin.</summary>
    public abstract IReadOnlyCollection<DevmapId> Devmaps { get; }

    /// <summary>Whether the stream has changes of resources that belong to no devmap.</summary>
    public abstract bool HasHost { get; }

    /// <summary>Whether changes of a devmap of this name are in the stream.</summary>
    public abstract bool Includes(string devmap);

    /// <summary>Whether a change belongs to the content.</summary>
    public abstract bool Includes(Change change);

    /// <summary>Returns the revision of the content in a snapshot.</summary>
    public abstract long RevisionIn(Snapshot snapshot);

    /// <summary>Returns the events of a snapshot that pass a filter. A state is not asked for.</summary>
    public abstract IAsyncEnumerable<WatchEvent> ReadAsync(ScopeSnapshot start, WatchFilter filter, CallerAccount caller, CancellationToken cancellation);

    /// <summary>Returns the event for a change of the content; null if it has none any more, because the devmap was removed since.</summary>
    public abstract WatchEvent? EventOf(Change change);

    /// <summary>Returns the parts that the watchers of a devmap of the stream share.</summary>
    public abstract Feed FeedOf(DevmapId devmap);

    /// <summary>Returns the event of a devmap as the stream has it.</summary>
    public abstract WatchEvent Named(WatchEvent happened, DevmapId devmap);

    /// <summary>Whether the stream ends with a change that it has: there will be no other.</summary>
    public abstract bool EndsWith(Change change);
}

/// <summary>The stream of one devmap.</summary>
internal sealed class OneDevmap(DevmapId devmap, Feed feed) : StreamScope
{
    public override string Name => devmap.Name;

    public override IReadOnlyCollection<DevmapId> Devmaps => [devmap];

    public override bool HasHost => false;

    public override bool Includes(string name) => name == devmap.Name;

    // A stream that is resumed can begin with the deletion of the devmap that had the name before.
    public override bool Includes(Change change) => change.Devmap == devmap || (change is Change.DevmapDeleted && Includes(change.Devmap.Name));

    public override long RevisionIn(Snapshot snapshot) => snapshot.Devmap(devmap.Name).Revision;

    public override IAsyncEnumerable<WatchEvent> ReadAsync(ScopeSnapshot start, WatchFilter filter, CallerAccount caller, CancellationToken cancellation) =>
        feed.Snapshot.ReadAsync(
            new SnapshotStart(start.Position, start.Revision, start.Take().Find(devmap) ?? throw new ControlPlaneException(DevmapErrors.NotFound(devmap.Name))),
            filter,
            caller,
            cancellation);

    public override WatchEvent? EventOf(Change change) => feed.Changes.Of(change);

    public override Feed FeedOf(DevmapId devmap) => feed;

    public override WatchEvent Named(WatchEvent happened, DevmapId devmap) => happened;

    public override bool EndsWith(Change change) => change is Change.DevmapDeleted && change.Devmap == devmap;
}

/// <summary>The stream of several devmaps, and of resources that belong to none.</summary>
/// <param name="devmaps">The devmaps that there are at the begin.</param>
/// <param name="names">The names of the devmaps; null for all, those that are made later included.</param>
/// <param name="feedOf">Returns the feed of a devmap.</param>
/// <param name="host">Renders the events of resources that belong to no devmap.</param>
internal sealed class ManyDevmaps(IReadOnlyList<DevmapId> devmaps, IReadOnlySet<string>? names, Func<DevmapId, Feed> feedOf, HostEvents host) : StreamScope
{
    public override string Name => devmaps.Count == 0 ? "" : devmaps[0].Name;

    public override IReadOnlyCollection<DevmapId> Devmaps => devmaps;

    public override bool HasHost => true;

    public override bool Includes(string name) => names?.Contains(name) != false;

    public override bool Includes(Change change) => change.Devmap == Change.OfHost || Includes(change.Devmap.Name);

    public override long RevisionIn(Snapshot snapshot) => snapshot.Revision;

    public override async IAsyncEnumerable<WatchEvent> ReadAsync(
        ScopeSnapshot start, WatchFilter filter, CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var snapshot = start.Take();
        foreach (var told in host.Of(snapshot, filter))
            yield return told;
        foreach (var devmap in devmaps)
        {
            if (snapshot.Find(devmap) is not { } state)
                continue;
            await using var events = ReadAsync(devmap, state, start, filter, caller, cancellation).GetAsyncEnumerator(cancellation);
            while (await MovesAsync(events))
                yield return Named(events.Current, devmap);
        }
    }

    // The events of one devmap are shared with those who watch it alone, for whom a call that writes to several devmaps ends earlier.
    public override WatchEvent? EventOf(Change change)
    {
        if (change.Devmap == Change.OfHost)
            return host.Render(change);
        return feedOf(change.Devmap).Changes.Of(change) is { } told
            ? told with { Devmap = change.Devmap.Name, Revision = change.IsPartOfCall ? null : told.Revision }
            : null;
    }

    public override Feed FeedOf(DevmapId devmap) => feedOf(devmap);

    public override WatchEvent Named(WatchEvent happened, DevmapId devmap) => happened with { Devmap = devmap.Name };

    public override bool EndsWith(Change change) => false;

    private async IAsyncEnumerable<WatchEvent> ReadAsync(
        DevmapId devmap, DevmapState state, ScopeSnapshot start, WatchFilter filter, CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var feed = feedOf(devmap);
        if (filter.Accepts(state.Definition))
            yield return feed.Views.Of(state);
        await foreach (var told in feed.Snapshot.ReadAsync(new SnapshotStart(start.Position, start.Revision, state), filter, caller, cancellation))
            yield return told;
    }

    // A devmap can be deleted while its snapshot is read. The change that says so follows.
    private static async Task<bool> MovesAsync(IAsyncEnumerator<WatchEvent> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.DevmapNotFound)
        {
            return false;
        }
    }
}
