using System.Runtime.CompilerServices;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Watching;

/// <summary>The way of changes into one stream: its filter, and the changes of status that it holds to fold them. For one thread at a time.</summary>
/// <param name="scope">The content of the stream.</param>
/// <param name="filter">The part of it.</param>
/// <param name="time">The time.</param>
internal class StreamFlow(StreamScope scope, WatchFilter filter, TimeProvider time)
{
    /// <summary>How long changes of status are held.</summary>
    public static readonly TimeSpan FoldPeriod = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(DevmapId Devmap, string Interface), Change.Status> _held = [];
    private long? _heldSince;

    /// <summary>The content of the stream.</summary>
    public StreamScope Scope => scope;

    /// <summary>The part of it.</summary>
    public WatchFilter Filter => filter;

    /// <summary>Whether a reader can resume the stream.</summary>
    public virtual bool IsResumable => true;

    /// <summary>When held events are due, from now; null if none are held.</summary>
    public TimeSpan? Due => _heldSince is { } since ? FoldPeriod - time.GetElapsedTime(since) : null;

    /// <summary>Returns an event of the snapshot as the stream has it; null if it has none.</summary>
    public virtual WatchEvent? OfSnapshot(WatchEvent happened) => happened;

    /// <summary>Returns the event of a change; null if the stream has none, or holds it.</summary>
    public virtual WatchEvent? Of(Change change)
    {
        if (!scope.Includes(change) || filter.Of(change) is not { } passed)
            return null;
        if (passed is Change.Status status && filter.StatusEvents == StatusEvents.Folded)
        {
            _held[(status.Devmap, status.Interface)] = status;
            Hold();
            return null;
        }

        // A reader that resumed after this event would miss what is held.
        var happened = scope.EventOf(passed);
        return happened is null || _heldSince is null ? happened : happened with { Revision = null };
    }

    /// <summary>Returns the held events. Nothing is held afterwards.</summary>
    /// <param name="revision">The revision up to which the stream has all changes.</param>
    /// <param name="caller">Who reads the stream.</param>
    /// <param name="cancellation">Ends the stream.</param>
    public async IAsyncEnumerable<WatchEvent> ReleaseAsync(long revision, CallerAccount caller, [EnumeratorCancellation] CancellationToken cancellation)
    {
        _heldSince = null;
        foreach (var happened in await TakeHeldAsync(caller, cancellation))
            yield return happened with { Revision = IsResumable ? revision : null };
    }

    /// <summary>Notes that something is held.</summary>
    protected void Hold() => _heldSince ??= time.GetTimestamp();

    /// <summary>Returns the held events, and holds none of them any more.</summary>
    protected virtual Task<IReadOnlyList<WatchEvent>> TakeHeldAsync(CallerAccount caller, CancellationToken cancellation)
    {
        // Rendered before any is sent, because more can be held when the reader goes on.
        IReadOnlyList<WatchEvent> events = [.. _held.Values.Select(scope.EventOf).OfType<WatchEvent>()];
        _held.Clear();
        return Task.FromResult(events);
    }
}

/// <summary>
/// The stream of entries in one state. It knows which entries its reader has. When the status behind an interface changes, it looks at the entries there once a
/// second at most. States have no history, so such a stream cannot be resumed.
/// </summary>
/// <param name="scope">The content of the stream.</param>
/// <param name="filter">The part of it, with the state.</param>
/// <param name="gate">Lets few render at a time.</param>
/// <param name="time">The time.</param>
internal sealed class StateFlow(StreamScope scope, WatchFilter filter, PageGate gate, TimeProvider time) : StreamFlow(scope, filter, time)
{
    // The revisions of the entries that the reader has.
    private readonly Dictionary<(string Devmap, string Key), long> _known = [];

    // The interfaces whose entries may have another state by now; null for all of them.
    private readonly Dictionary<DevmapId, HashSet<string>?> _changed = [];

    /// <inheritdoc/>
    public override bool IsResumable => false;

    /// <inheritdoc/>
    public override WatchEvent? OfSnapshot(WatchEvent happened) => happened is WatchEvent.EntryPut put ? Select(put) : null;

    /// <inheritdoc/>
    public override WatchEvent? Of(Change change)
    {
        if (!Scope.Includes(change))
            return null;
        switch (change)
        {
            case Change.EntryPut or Change.EntryDeleted when Filter.Of(change) is { } passed:
                return Scope.EventOf(passed) switch
                {
                    WatchEvent.EntryPut put => Select(put),
                    WatchEvent.EntryDeleted deleted => _known.Remove((change.Devmap.Name, deleted.Key)) ? deleted with { Revision = null } : null,
                    _ => null,
                };
            case Change.DevmapDeleted:
                foreach (var known in _known.Keys.Where(k => k.Devmap == change.Devmap.Name).ToList())
                    _known.Remove(known);
                return Scope.EventOf(change) is { } deletion ? deletion with { Revision = null } : null;
            case Change.Status status:
                LookAt(status.Devmap, status.Interface);
                return null;
            case Change.EgressProgramSet set:
                LookAt(set.Devmap, set.Swap.Interface);
                return null;
            case Change.AttachmentPut or Change.AttachmentDeleted:
                LookAt(change.Devmap, null);
                return null;
            default:
                return null;
        }
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<WatchEvent>> TakeHeldAsync(CallerAccount caller, CancellationToken cancellation)
    {
        var events = new List<WatchEvent>();
        foreach (var (devmap, interfaces) in _changed)
        {
            using var place = await gate.EnterAsync(caller, cancellation);
            try
            {
                events.AddRange(Look(devmap, interfaces, cancellation));
            }
            catch (ControlPlaneException e) when (e.Error.Code == ErrorCode.DevmapNotFound)
            {
                // The change that says so follows.
            }
        }

        _changed.Clear();
        return events;
    }

    private List<WatchEvent> Look(DevmapId devmap, IReadOnlySet<string>? interfaces, CancellationToken cancellation)
    {
        var views = Scope.FeedOf(devmap).Views;
        var moved = new List<PlacedEntry>();
        foreach (var (entry, key, state) in views.Look(Filter, interfaces))
        {
            cancellation.ThrowIfCancellationRequested();
            var known = _known.TryGetValue((devmap.Name, key), out var revision);
            if (known != (state == Filter.State) || (known && revision != entry.Record.Revision))
                moved.Add(entry);
        }

        return [.. views.Of(moved).Select(put => OfSnapshot(Scope.Named(put, devmap))).OfType<WatchEvent>()];
    }

    private WatchEvent? Select(WatchEvent.EntryPut put)
    {
        var entry = put.Entry;
        if (entry.Status.State != Filter.State)
            return _known.Remove((entry.Devmap, entry.Key)) ? new WatchEvent.EntryDeleted(null, entry.Key) { Devmap = put.Devmap } : null;
        _known[(entry.Devmap, entry.Key)] = entry.Revision ?? 0;
        return put.Revision is null ? put : new WatchEvent.EntryPut(null, entry) { Devmap = put.Devmap };
    }

    private void LookAt(DevmapId devmap, string? interfaceName)
    {
        if (interfaceName is null)
            _changed[devmap] = null;
        else if (!_changed.TryGetValue(devmap, out var interfaces))
            _changed[devmap] = new(StringComparer.Ordinal) { interfaceName };
        else
            interfaces?.Add(interfaceName);
        Hold();
    }
}
