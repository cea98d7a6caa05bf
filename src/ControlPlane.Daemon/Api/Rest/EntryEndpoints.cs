using ControlPlane.Core.Api;
using ControlPlane.Core.Model;
using ControlPlane.Core.Waiting;
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
        routes.Map(Operations.ConfirmEntries, ConfirmAsync);
        routes.Map(Operations.CancelEntries, CancelAsync);
        routes.Map(Operations.WaitEntries, WaitAsync);
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

    private static async Task<EntryPutAnswer> PutAsync(
        string devmap, string key, Body<EntrySpec> spec, bool? allowPending, bool? force, WaitState? wait, string? timeout, RequestContext request, EntryService entries) =>
        new(await entries.PutAsync(devmap, key, spec.Value, allowPending ?? false, request, Waiting(wait, timeout, request), force ?? false));

    private static async Task<NoContent> DeleteAsync(string devmap, string key, string? owner, bool? force, RequestContext request, EntryService entries)
    {
        await entries.DeleteAsync(devmap, key, owner, force ?? false, request);
        return TypedResults.NoContent();
    }

    private static async Task<WaitAnswer<BatchOutcome>> ApplyAsync(
        Body<EntryBatch> batch, bool? allowPending, bool? force, WaitState? wait, string? timeout, [FromHeader(Name = IdempotencyKey)] string? idempotencyKey,
        RequestContext request, BatchService batches)
    {
        var outcome = await batches.ApplyAsync(batch.Value, allowPending ?? false, idempotencyKey, request, Waiting(wait, timeout, request), batch.Dispose, force ?? false);
        return new(outcome, outcome.WaitSatisfied != false);
    }

    private static async Task<WaitAnswer<ReplaceOutcome>> ReplaceAsync(
        string devmap, Body<DesiredEntries> table, [FromQuery] string[]? label, string? owner, bool? allowPending, bool? dryRun, bool? force, int? allowDeletions, ReplaceMode? mode,
        string? rehearse, string? confirm, long? revertAfterDrops, WaitState? wait, string? timeout, RequestContext request, TableService tables)
    {
        var options = new ReplaceOptions(label, owner, allowPending ?? false, dryRun ?? false, force ?? false, allowDeletions, mode ?? ReplaceMode.InPlace,
            WaitOptions.ReadDuration(rehearse, "rehearse", ReplaceOptions.MaxRehearsal, ReplaceOptions.RehearsalRule, request.Violations),
            WaitOptions.ReadDuration(confirm, "confirm", ReplaceOptions.MaxConfirm, ReplaceOptions.ConfirmRule, request.Violations), revertAfterDrops);
        var outcome = await tables.ReplaceAsync(devmap, table.Value, options, request, Waiting(wait, timeout, request), table.Dispose);
        return new(outcome, outcome.WaitSatisfied != false);
    }

    private static async Task<Answer<Confirmation>> ConfirmAsync(string devmap, RequestContext request, ConfirmationService confirmations) =>
        new(await confirmations.ConfirmAsync(devmap, request));

    private static async Task<Answer<Confirmation>> CancelAsync(string devmap, RequestContext request, ConfirmationService confirmations) =>
        new(await confirmations.CancelAsync(devmap, request));

    private static async Task<WaitAnswer<WaitOutcome>> WaitAsync(
        [FromQuery] string[]? devmap, string[]? label, string? owner, WaitState? state, long? revision, string? timeout, RequestContext request, WaitService waits)
    {
        var outcome = await waits.WaitAsync(new WaitQuery(devmap, label, owner, revision), Waiting(state, timeout, request), request);
        return new(outcome, outcome.WaitSatisfied);
    }

    private static WaitOptions Waiting(WaitState? state, string? timeout, RequestContext request) => state is null && timeout is null
        ? WaitOptions.None
        : new(state, WaitOptions.ReadTimeout(timeout, request.Violations));

    private static async Task<Answer<Probe>> ProbeAsync(string devmap, string key, int? frames, RequestContext request, ProbeService probes) =>
        new(await probes.ProbeAsync(devmap, key, frames, request));
}
