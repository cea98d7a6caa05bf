using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;

namespace ControlPlane.UnitTests.Core.Watching;

/// <summary>Reads streams, with an end for one that hangs.</summary>
internal static class WatchReading
{
    public static IAsyncEnumerable<WatchEvent> Watch(this CoreFixture core, string devmap, long? fromRevision = null) =>
        core.Filtered(devmap, new WatchQuery(), fromRevision);

    public static IAsyncEnumerable<WatchEvent> WatchAll(this CoreFixture core, long? fromRevision = null, params string[] devmaps) =>
        core.FilteredAll(fromRevision, new WatchQuery(), devmaps);

    public static IAsyncEnumerable<WatchEvent> Filtered(this CoreFixture core, string devmap, WatchQuery query, long? fromRevision = null) =>
        core.Watches.Watch(devmap, fromRevision, query, RequestContext.OfDaemon(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token));

    public static IAsyncEnumerable<WatchEvent> FilteredAll(this CoreFixture core, long? fromRevision, WatchQuery query, params string[] devmaps) =>
        core.Watches.WatchAll(devmaps, fromRevision, query, RequestContext.OfDaemon(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token));

    /// <summary>The next events, up to one that fits.</summary>
    public static async Task<List<WatchEvent>> UntilAsync(this IAsyncEnumerator<WatchEvent> reader, Func<WatchEvent, bool> last)
    {
        var events = new List<WatchEvent>();
        do
        {
            Assert.True(await reader.MoveNextAsync());
            events.Add(reader.Current);
        }
        while (!last(reader.Current));
        return events;
    }

    public static async Task<WatchEvent> NextAsync(this IAsyncEnumerator<WatchEvent> reader)
    {
        Assert.True(await reader.MoveNextAsync());
        return reader.Current;
    }

    /// <summary>A model of all that comes, up to the change of this revision.</summary>
    public static async Task<WatchModel> ModelAsync(this IAsyncEnumerable<WatchEvent> events, Func<long> lastRevision)
    {
        var model = new WatchModel();
        await foreach (var told in events)
        {
            model.Take(told);
            if (told.Revision >= lastRevision() && model.SyncedAt is not null)
                break;
        }

        return model;
    }
}
