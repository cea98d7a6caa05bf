using System.Runtime.CompilerServices;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Watching;

/// <summary>
/// The snapshot of one devmap in pages. Watchers that read at the same time share the pages of which their tables have the same entries: a page
/// serves every watcher that began before it was rendered, because what has changed since is in the log. Pages are kept only while somebody
/// reads a snapshot, and few of them.
/// </summary>
internal sealed class SnapshotPages(WatchViews views, ChangeLog log, PageGate gate, TimeProvider time)
{
    private const int PageSize = 64;
    private const int MostPages = 64;

    // Conditions of the kernel that change without an event are never older than this.
    private static readonly TimeSpan MostAge = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(object Of, object? Swaps, int First), SnapshotPage> _pages = [];
    private int _readers;
    private long _rendered;

    /// <summary>The number of pages that were rendered.</summary>
    public long Rendered => Volatile.Read(ref _rendered);

    /// <summary>The number of pages that are kept now.</summary>
    public int Kept
    {
        get
        {
            lock (_lock)
                return _pages.Count;
        }
    }

    /// <summary>Returns everything that a watcher begins with, and that passes its filter. A state is not asked for.</summary>
    public IAsyncEnumerable<WatchEvent> ReadAsync(SnapshotStart start, WatchFilter filter, CallerAccount caller, CancellationToken cancellation) =>
        filter.IsOpen ? ReadAllAsync(start, caller, cancellation) : ReadSomeAsync(start.Take(), filter, caller, cancellation);

    private async IAsyncEnumerable<WatchEvent> ReadAllAsync(SnapshotStart start, CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellation)
    {
        Interlocked.Increment(ref _readers);
        try
        {
            foreach (var (key, render) in PagesOf(start.Take()))
            {
                var page = Find(key, start.Position);
                if (page is null)
                {
                    using var place = await gate.EnterAsync(caller, cancellation);
                    page = Find(key, start.Position) ?? Render(key, render);
                }

                foreach (var told in page.Events)
                {
                    cancellation.ThrowIfCancellationRequested();
                    yield return told;
                }

                if (log.Current.IsLast)
                    throw new ControlPlaneException(RequestErrors.StreamEnds());
            }
        }
        finally
        {
            Leave();
        }
    }

    // The pages of a part serve nobody else.
    private async IAsyncEnumerable<WatchEvent> ReadSomeAsync(
        DevmapState devmap, WatchFilter filter, CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var told in views.Of(devmap.Attachments.Values.Where(a => filter.Accepts(a.Record))))
            yield return told;
        foreach (var page in devmap.Entries.All().Where(e => filter.Accepts(e.Record)).Chunk(PageSize))
        {
            IReadOnlyList<WatchEvent> events;
            using (await gate.EnterAsync(caller, cancellation))
                events = views.Of(page);
            foreach (var told in events)
            {
                cancellation.ThrowIfCancellationRequested();
                yield return told;
            }

            if (log.Current.IsLast)
                throw new ControlPlaneException(RequestErrors.StreamEnds());
        }
    }

    private IEnumerable<((object Of, object? Swaps, int First) Key, Func<IReadOnlyList<WatchEvent>> Render)> PagesOf(DevmapState devmap)
    {
        if (devmap.Attachments.Count > 0)
            yield return ((devmap.Attachments, null, 0), () => views.Of(devmap.Attachments.Values));
        foreach (var part in devmap.Entries.Parts(PageSize))
            yield return (part.Key, () => views.Of(part.Entries));
    }

    private SnapshotPage? Find((object Of, object? Swaps, int First) key, long position)
    {
        lock (_lock)
            return _pages.TryGetValue(key, out var page) && page.Position >= position && time.GetElapsedTime(page.Time) < MostAge ? page : null;
    }

    private SnapshotPage Render((object Of, object? Swaps, int First) key, Func<IReadOnlyList<WatchEvent>> render)
    {
        // Position first: the status in the page is that of the position or a later one.
        var (position, now) = (log.Current.Position, time.GetTimestamp());
        var page = new SnapshotPage(position, now, render());
        Interlocked.Increment(ref _rendered);
        lock (_lock)
        {
            if (_pages.Count >= MostPages && !_pages.ContainsKey(key))
                _pages.Remove(_pages.MinBy(p => p.Value.Time).Key);
            _pages[key] = page;
        }

        return page;
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _readers) > 0)
            return;
        lock (_lock)
            _pages.Clear();
    }
}

/// <summary>The begin of a watch with a snapshot.</summary>
/// <param name="position">The position in the log after which the changes follow.</param>
/// <param name="revision">The revision of the snapshot.</param>
/// <param name="devmap">The devmap at that revision.</param>
internal sealed class SnapshotStart(long position, long revision, DevmapState devmap)
{
    private DevmapState? _devmap = devmap;

    /// <summary>The position in the log after which the changes follow.</summary>
    public long Position => position;

    /// <summary>The revision of the snapshot.</summary>
    public long Revision => revision;

    /// <summary>Returns the devmap, once. A stream lasts longer than its snapshot, and must not keep a table that has changed since.</summary>
    public DevmapState Take() => Interlocked.Exchange(ref _devmap, null) ?? throw new InvalidOperationException("a snapshot is read once");
}

/// <summary>A page of a snapshot.</summary>
/// <param name="Position">The position of the log's head before it was rendered.</param>
/// <param name="Time">The time when it was rendered.</param>
/// <param name="Events">The events.</param>
internal sealed record SnapshotPage(long Position, long Time, IReadOnlyList<WatchEvent> Events);
