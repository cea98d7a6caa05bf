using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Core.Watching;
using ControlPlane.Daemon.Hosting;
using Microsoft.AspNetCore.Mvc;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The streams of events of one devmap, and of several.</summary>
internal static class EventEndpoints
{
    private const string LastEventId = "Last-Event-ID";

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.WatchDevmap, WatchAsync);
        routes.Map(Operations.WatchDevmaps, WatchAllAsync);
    }

    private static async Task WatchAsync(
        string devmap, long? revision, [FromQuery(Name = "interface")] string? interfaceName, EntryState? state, string[]? label, string? owner,
        StatusEvents? statusEvents, [FromHeader(Name = LastEventId)] string? lastEventId, HttpContext http, RequestContext request, WatchService watches)
    {
        var events = watches.Watch(devmap, ResumeFrom(revision, lastEventId, request), Query(interfaceName, state, label, owner, statusEvents), request);
        http.EndSoonAfter(watches.Closed);
        await EventStream.WriteAsync(http, events);
    }

    private static async Task WatchAllAsync(
        [FromQuery] string[]? devmap, long? revision, [FromQuery(Name = "interface")] string? interfaceName, EntryState? state, string[]? label, string? owner,
        StatusEvents? statusEvents, [FromHeader(Name = LastEventId)] string? lastEventId, HttpContext http, RequestContext request, WatchService watches)
    {
        var events = watches.WatchAll(devmap ?? [], ResumeFrom(revision, lastEventId, request), Query(interfaceName, state, label, owner, statusEvents), request);
        http.EndSoonAfter(watches.Closed);
        await EventStream.WriteAsync(http, events);
    }

    private static WatchQuery Query(string? interfaceName, EntryState? state, string[]? label, string? owner, StatusEvents? statusEvents) =>
        new(interfaceName, state, label, owner, statusEvents ?? StatusEvents.All);

    // Browsers repeat the query when they connect again; then the header is newer.
    private static long? ResumeFrom(long? revision, string? lastEventId, RequestContext request)
    {
        if (string.IsNullOrEmpty(lastEventId))
            return revision;
        if (long.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out var last))
            return last;
        request.Violations.Add(LastEventId, "must be the id of an event: a revision");
        return null;
    }
}
