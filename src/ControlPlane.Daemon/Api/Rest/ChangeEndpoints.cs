using System.Globalization;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of the history.</summary>
internal static class ChangeEndpoints
{
    public static void MapChanges(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.ListChanges, List);
        routes.Map(Operations.RevertChange, RevertChangeAsync);
        routes.Map(Operations.RevertState, RevertStateAsync);
    }

    private static Answer<ChangeList> List(
        int? pageSize, string? pageToken, ChangeOrder? order, string? devmap, string? key, string? owner, string? actor,
        long? sinceRevision, long? untilRevision, string? sinceTime, string? untilTime, RequestContext request, ChangeService changes) =>
        new(changes.List(
            new ChangeQuery(
                pageSize, pageToken, order ?? ChangeOrder.Newest, devmap, key, owner, actor, sinceRevision, untilRevision,
                TimeOf(sinceTime, nameof(sinceTime), request.Violations), TimeOf(untilTime, nameof(untilTime), request.Violations)),
            request));

    private static async Task<Answer<RevertOutcome>> RevertChangeAsync(string revision, bool? force, bool? dryRun, RequestContext request, RevertService reversals) =>
        new(await reversals.RevertChangeAsync(
            long.TryParse(revision, NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : null, force ?? false, dryRun ?? false, request));

    private static async Task<Answer<RevertOutcome>> RevertStateAsync(long? revision, bool? dryRun, RequestContext request, RevertService reversals) =>
        new(await reversals.RevertStateAsync(revision, dryRun ?? false, request));

    private static DateTimeOffset? TimeOf(string? text, string name, Violations violations)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time;
        violations.Add(name, "must be a time such as 2026-01-01T12:00:00Z");
        return null;
    }
}
