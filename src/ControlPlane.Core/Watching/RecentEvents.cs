using ControlPlane.Core.State;

namespace ControlPlane.Core.Watching;

/// <summary>The events of the last changes of a devmap, so that many watchers that follow it render each change once.</summary>
internal sealed class RecentEvents(WatchViews views, TimeProvider time)
{
    private const int Kept = 256;

    // A status is that of the moment the event is sent, up to this.
    private static readonly TimeSpan MostAge = TimeSpan.FromMilliseconds(250);

    private readonly Rendered?[] _recent = new Rendered?[Kept];

    /// <summary>Returns the event for a change; null if it has none any more.</summary>
    public WatchEvent? Of(Change change)
    {
        if (change.Position == Change.OutOfLog)
            return views.Render(change);
        ref var slot = ref _recent[change.Position % Kept];
        if (Volatile.Read(ref slot) is { } known && known.Position == change.Position && time.GetElapsedTime(known.Time) < MostAge)
            return known.Told;
        var now = time.GetTimestamp();
        var told = views.Render(change);
        Volatile.Write(ref slot, new Rendered(change.Position, now, told));
        return told;
    }

    private sealed record Rendered(long Position, long Time, WatchEvent? Told);
}
