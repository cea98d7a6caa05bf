using System.Diagnostics.CodeAnalysis;
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
internal abstract class StreamScope : IStreamScope
{
    /// <summary>A devmap of the stream, for messages.</summary>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract IReadOnlyCollection<DevmapId> Devmaps { get; }

    /// <inheritdoc/>
    public abstract bool HasPrograms { get; }

    /// <inheritdoc/>
    public abstract WatchEvent Render(Change change);

    /// <summary>Returns the revision of the content in a snapshot.</summary>
    public abstract long RevisionIn(Snapshot snapshot);

    /// <summary>Returns the events of a snapshot.</summary>
    public abstract IAsyncEnumerable<WatchEvent> ReadAsync(ScopeSnapshot start, CallerAccount caller, CancellationToken cancellation);

    /// <summary>Whether the stream has a change of the ring, and its event.</summary>
    public abstract bool Has(Change change, [NotNullWhen(true)] out WatchEvent? happened);
}

/// <summary>The stream of one devmap.</summary>
internal sealed class OneDevmap(DevmapId devmap, Feed feed) : StreamScope
{
    public override string Name => devmap.Name;

    public override IReadOnlyCollection<DevmapId> Devmaps => [devmap];

    public override bool HasPrograms => false;

    public override WatchEvent Render(Change change) => feed.Views.Render(change);

    public override long RevisionIn(Snapshot snapshot) => snapshot.Devmap(devmap.Name).Revision;

    public override IAsyncEnumerable<WatchEvent> ReadAsync(ScopeSnapshot start, CallerAccount caller, CancellationToken cancellation) =>
        feed.Snapshot.ReadAsync(new SnapshotStart(start.Position, start.Revision, start.Take().Devmap(devmap.Name)), caller, cancellation);

    public override bool Has(Change change, [NotNullWhen(true)] out WatchEvent? happened)
    {
        happened = change.Devmap == devmap ? feed.Changes.Of(change) : null;
        return happened is not null;
    }
}

/// <summary>The stream of several devmaps and of egress programs.</summary>
internal sealed class ManyDevmaps(IReadOnlyDictionary<DevmapId, Feed> feeds, ProgramEvents programs) : StreamScope
{
    public override string Name => Devmaps.Count == 0 ? "" : Devmaps.First().Name;

    public override IReadOnlyCollection<DevmapId> Devmaps => [.. feeds.Keys];

    public override bool HasPrograms => true;

    public override WatchEvent Render(Change change) => programs.Render(change) ?? Named(feeds[change.Devmap].Views.Render(change), change);

    public override long RevisionIn(Snapshot snapshot) => snapshot.Revision;

    public override async IAsyncEnumerable<WatchEvent> ReadAsync(ScopeSnapshot start, CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var snapshot = start.Take();
        foreach (var told in programs.Of(snapshot))
            yield return told;
        foreach (var (devmap, feed) in feeds)
        {
            if (snapshot.Find(devmap) is not { } state)
                continue;
            await foreach (var told in feed.Snapshot.ReadAsync(new SnapshotStart(start.Position, start.Revision, state), caller, cancellation))
                yield return told with { Devmap = devmap.Name };
        }
    }

    public override bool Has(Change change, [NotNullWhen(true)] out WatchEvent? happened)
    {
        happened = programs.Render(change) ?? (feeds.TryGetValue(change.Devmap, out var feed) ? Named(feed.Changes.Of(change), change) : null);
        return happened is not null;
    }

    // The events of one devmap are shared with those who watch it alone, for whom a call that writes to several devmaps ends earlier.
    private static WatchEvent Named(WatchEvent told, Change change) => told with { Devmap = change.Devmap.Name, Revision = change.IsPartOfCall ? null : told.Revision };
}
