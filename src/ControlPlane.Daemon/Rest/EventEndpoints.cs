using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Rest.OpenApi;
using ControlPlane.Daemon.Rest.Reading;
using ControlPlane.Daemon.Rest.Resources;

namespace ControlPlane.Daemon.Rest;

/// <summary><c>/v1/devmaps/{devmap}/events</c></summary>
internal static class EventEndpoints
{
    private const string LastEventId = "Last-Event-ID";

    private static readonly QueryParameter Revision = new("revision", "Go on after this revision, the last that a stream of this devmap gave. Left out to begin with a snapshot.") { IsRevision = true };

    public static void MapEvents(this IEndpointRouteBuilder v1) => v1
        .MapMethods("/devmaps/{devmap}/events", [HttpMethods.Get], WatchAsync)
        .WithTags(Tags.Events)
        .Described("watchDevmap", "Watch a devmap",
            "Tells what happens in the devmap, as it happens, as Server-Sent Events: a snapshot (`entry`, `attachment`), unless the stream is resumed; then one `synced`; then every change (`entry`, `entryDeleted`, `attachment`, `attachmentDeleted`) in the order of revisions, exactly once. `statusChanged`: an interface came, went or changed, and with it the status of what depends on it; one event however many entries those are. `drift`: an audit found that others have changed the devmap in the kernel. `bookmark`: a sign of life while nothing happens. `ended`: the stream ends, and its data is the problem that says why. An event's `id` is the revision to resume from. However slowly the stream is read, no write waits for it.")
        .Takes(Revision)
        .TakesHeader(LastEventId, "The `id` of the last event, as browsers send it when they connect anew. It goes before `revision`.")
        .Streams<WatchEventResource>("The stream. Each event's `data` is such an object.")
        .Fails(ErrorCode.DevmapNotFound, ErrorCode.RevisionCompacted, ErrorCode.ShuttingDown);

    private static async Task WatchAsync(string devmap, HttpContext http, WatchService watches)
    {
        var request = RestRequest.Of(http);
        var revision = request.Query.Revision(Revision.Name);
        if (http.Request.Headers[LastEventId] is [{ Length: > 0 } id])
        {
            revision = long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : null;
            if (revision is null)
                request.Faults.Add(LastEventId, "must be the id of an event: a revision");
        }

        var events = watches.Watch(devmap, revision, request.Read());
        http.EndSoonAfter(watches.Closed);
        await EventStream.WriteAsync(http, events);
    }
}
