using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The operations of entries.</summary>
internal static class EntryEndpoints
{
    private const string IdempotencyKey = "Idempotency-Key";

    public static void MapEntries(this IEndpointRouteBuilder routes)
    {
        routes.Map(Operations.ListEntries, List);
        routes.Map(Operations.ListCounters, ListCounters);
        routes.Map(Operations.GetEntry, Get);
        routes.Map(Operations.PutEntry, PutAsync);
        routes.Map(Operations.DeleteEntry, DeleteAsync);
        routes.Map(Operations.ApplyEntries, ApplyAsync);
        routes.Map(Operations.ReplaceEntries, ReplaceAsync);
        routes.Map(Operations.ProbeEntry, ProbeAsync);
    }

    private static Answer<EntryList> List(
        string devmap, int? pageSize, string? pageToken, [FromQuery(Name = "interface")] string? interfaceName, string? egressProgram,
        EntryState? state, string[]? label, string? owner, EntryView? view, RequestContext request, EntryService entries)
    {
        var query = new EntryQuery(pageSize, pageToken, interfaceName, egressProgram, state, label, owner, view ?? EntryView.Full);
        return new(entries.List(devmap, query, request));
    }

    private static Answer<CounterList> ListCounters(
        string devmap, int? pageSize, string? pageToken, [FromQuery(Name = "interface")] string? interfaceName, string? egressProgram,
        EntryState? state, string[]? label, string? owner, RequestContext request, EntryService entries) =>
        new(entries.ListCounters(devmap, new EntryQuery(pageSize, pageToken, interfaceName, egressProgram, state, label, owner), request));

    private static Answer<Entry> Get(string devmap, string key, RequestContext request, EntryService entries)
    {
        var entry = entries.Get(devmap, key, request);
        return new(entry, entry.Revision);
    }

    private static async Task<PutAnswer<Entry>> PutAsync(
        string devmap, string key, Body<EntrySpec> spec, bool? allowPending, RequestContext request, EntryService entries)
    {
        var outcome = await entries.PutAsync(devmap, key, spec.Value, allowPending ?? false, request);
        return new(outcome, outcome.View.Revision!.Value, "devmaps", devmap, "entries", outcome.View.Key);
    }

    private static async Task<NoContent> DeleteAsync(string devmap, string key, RequestContext request, EntryService entries)
    {
        await entries.DeleteAsync(devmap, key, request);
        return TypedResults.NoContent();
    }

    private static async Task<Answer<BatchOutcome>> ApplyAsync(
        Body<EntryBatch> batch, bool? allowPending, [FromHeader(Name = IdempotencyKey)] string? idempotencyKey, RequestContext request, BatchService batches) =>
        new(await batches.ApplyAsync(batch.Value, allowPending ?? false, idempotencyKey, request));

    private static async Task<Answer<ReplaceOutcome>> ReplaceAsync(
        string devmap, Body<DesiredEntries> table, [FromQuery] string[]? label, string? owner, bool? allowPending, bool? dryRun, bool? force, int? allowDeletions,
        RequestContext request, TableService tables)
    {
        var options = new ReplaceOptions(label, owner, allowPending ?? false, dryRun ?? false, force ?? false, allowDeletions);
        return new(await tables.ReplaceAsync(devmap, table.Value, options, request));
    }

    private static async Task<Answer<Probe>> ProbeAsync(string devmap, string key, int? frames, RequestContext request, ProbeService probes) =>
        new(await probes.ProbeAsync(devmap, key, frames, request));
}
