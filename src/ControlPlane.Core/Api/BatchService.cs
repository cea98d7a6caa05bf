using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
using ControlPlane.Core.Waiting;
using ControlPlane.Core.Writing.Commands;
using ControlPlane.Core.Writing.Loop;
using ControlPlane.Core.Writing.Plan;

namespace ControlPlane.Core.Api;

/// <summary>Lets few batches at a time into the writer's queue: each has many entries.</summary>
internal sealed class BatchGate() : CallerGate(Places)
{
    /// <summary>The number of batches at a time.</summary>
    public const int Places = 4;
}

/// <summary>Writes of several entries in one call.</summary>
internal sealed class BatchService(
    ControlPlaneState state, DevmapWriter writer, IKernel kernel, StatusEvaluators evaluators, BatchGate gate, CallLine calls, EntryWaits waits)
{
    // With few batches at a time, half of a caller's share of the queue stays free for its other writes.
    private const int PartOfShare = 2 * BatchGate.Places;

    // The details of errors take no more of an answer, which clients accept up to 4 MiB.
    private const int MaxDetailChars = 1 << 20;

    private static readonly HashSet<string> Passing =
        [.. new[] { ErrorCode.WriterBusy, ErrorCode.StoreUnavailable, ErrorCode.ShuttingDown }.Select(c => c.Text())];

    /// <summary>Makes a batch of writes.</summary>
    /// <param name="batch">The batch, not yet validated.</param>
    /// <param name="allowPending">Whether interfaces may be missing.</param>
    /// <param name="idempotencyKey">The key that marks the call, not yet validated; null or empty for none.</param>
    /// <param name="request">The request.</param>
    /// <param name="wait">How the call waits after the writes; null if it does not.</param>
    /// <param name="force">Whether entries of other owners may be changed and deleted.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    /// <remarks>The answer to a repeat has the first results, and waits as any other.</remarks>
    /// <param name="written">Called before the wait: what was read of the request is no longer needed.</param>
    public async Task<BatchOutcome> ApplyAsync(
        EntryBatch batch, bool allowPending, string? idempotencyKey, RequestContext request, WaitOptions? wait = null, Action? written = null, bool force = false)
    {
        wait ??= WaitOptions.None;
        wait.Validate(request.Violations);
        var key = Validate(batch, idempotencyKey, request.Violations);
        using var waiting = waits.Begin(wait, request);
        var (results, entries) = await WriteAsync(batch, allowPending, force, key, request);
        if (waiting is null)
            return Answer(results, entries, null);
        // A wait is long, and a batch large.
        batch = null!;
        written?.Invoke();
        return Answer(results, entries, await waiting.RunAsync(new EntrySelection.Named([.. entries.OfType<EntryId>()]) { MayBeEmpty = true }));
    }

    // The entries are in the order of the items; null for those that are deleted, and for items that failed.
    private async Task<(ItemResults Results, EntryId?[] Entries)> WriteAsync(EntryBatch batch, bool allowPending, bool force, string? key, RequestContext request)
    {
        var mark = key is null ? null : new CallMark(new CallId(request.Caller.Account.ToString(), key), BatchHash.Of(batch, allowPending, force));
        using var turn = mark is null ? null : await calls.EnterAsync(mark.Id, request.Cancellation);
        using var place = await gate.EnterAsync(request.Caller.Account, request.Cancellation);
        var reader = new EntryWriteReader(state.Current, kernel.Interfaces.Current, request.Caller, allowPending, force);
        var items = batch.Items.Select((item, index) => Read(item, index, reader)).ToList();
        var results = batch.Mode == BatchMode.Atomic ? await ApplyTogetherAsync(items, mark, request)
            : mark is null ? await ApplyEachAsync(items, null, null, request)
            : await ApplyEachOnceAsync(items, mark, request);
        return (results, [.. results.Results.Select((result, i) => EntryOf(result, items[i].Write))]);
    }

    private static EntryId? EntryOf(ItemResult result, EntryWrite? write) =>
        write is null || result.Outcome is ItemOutcome.Deleted or ItemOutcome.Failed ? null : new EntryId(write.Devmap, write.Key);

    private static string? Validate(EntryBatch batch, string? idempotencyKey, Violations violations)
    {
        var most = batch.Mode == BatchMode.Atomic ? EntryBatch.MaxAtomicItems : EntryBatch.MaxItems;
        if (!violations.Has("items") && (batch.Items is not { Count: > 0 } || batch.Items.Count > most))
            violations.Add("items", string.Create(CultureInfo.InvariantCulture, $"must be 1 to {most} items"));
        // A structured field (RFC 8941) has a string in quotes.
        var key = idempotencyKey is ['"', .. var inside, '"'] ? inside : idempotencyKey;
        if (!string.IsNullOrEmpty(idempotencyKey) && !IdempotencyKey.IsValid(key!))
            violations.Add("idempotencyKey", IdempotencyKey.Rule);
        violations.ThrowIfAny();
        return string.IsNullOrEmpty(key) ? null : key;
    }

    private async Task<ItemResults> ApplyTogetherAsync(List<Item> items, CallMark? mark, RequestContext request)
    {
        if (items.Exists(i => i.Error is not null))
            throw new ControlPlaneException(RequestErrors.OfItems([.. items.Where(i => i.Error is not null).Select(i => (i.Path, i.Error!))]));
        var command = new ApplyEntriesCommand([.. items.Select(i => i.Write!)], index => items[index].Path);
        return mark is null ? await writer.SubmitAsync(command, request) : await writer.SubmitAsync(new KeyedApplyCommand(mark, command), request);
    }

    // An item that failed for a reason that passes leaves the call open: a repeat makes that item.
    private async Task<ItemResults> ApplyEachOnceAsync(List<Item> items, CallMark mark, RequestContext request)
    {
        var (call, parts) = await writer.SubmitAsync(new BeginCallCommand(mark), request);
        if (call.Answer is { } answer)
            return ItemResults.Of(answer);
        var results = await ApplyEachAsync(items, mark, parts, request);
        if (!results.Results.Any(r => r.Error is { } error && Passing.Contains(error.Code)))
            await writer.SubmitAsync(new EndCallCommand(mark, results), request);
        return results;
    }

    private async Task<ItemResults> ApplyEachAsync(List<Item> items, CallMark? mark, IReadOnlyDictionary<int, CallPart>? parts, RequestContext request)
    {
        var (results, chars) = (new List<ItemResult>(items.Count), 0);
        foreach (var chunk in items.Index().Chunk(Math.Max(1, writer.ShareOf(request.Caller) / PartOfShare)))
        {
            request.Cancellation.ThrowIfCancellationRequested();
            var outcomes = await Task.WhenAll(chunk.Select(item => ApplyAsync(item.Index, item.Item, mark, parts, request)));
            foreach (var (result, error) in outcomes)
                results.Add(result ?? Failed(error!, items[results.Count].Path, ref chars));
        }

        return new ItemResults(results, state.Current.Revision);
    }

    private async Task<(ItemResult? Result, Error? Error)> ApplyAsync(
        int index, Item item, CallMark? mark, IReadOnlyDictionary<int, CallPart>? parts, RequestContext request)
    {
        if (parts?.GetValueOrDefault(index) is { } part)
            return (new ItemResult(part.Outcome, part.Revision), null);
        if (item.Write is not { } write)
            return (null, item.Error);
        try
        {
            WriterCommand<EntryOutcome> command = write.Spec is null ? new DeleteEntryCommand(write) : new PutEntryCommand(write);
            return mark is null
                ? ((await writer.SubmitAsync(command, request)).Result, null)
                : (await writer.SubmitAsync(new KeyedWriteCommand(mark.Id, index, command), request), null);
        }
        catch (ControlPlaneException e)
        {
            return (null, e.Error);
        }
    }

    private static ItemResult Failed(Error error, string path, ref int chars)
    {
        chars += error.Detail.Length + error.Fields.Sum(f => f.Field.Length + f.Message.Length);
        return new(ItemOutcome.Failed, null, chars > MaxDetailChars
            ? new ItemError(error.Code.Text(), error.Code.Title(), null, [])
            : new ItemError(error.Code.Text(), error.Detail, error.Resource, error.Fields.Count == 0 ? [] : [.. RequestErrors.FieldsOf((path, error))]));
    }

    private static Item Read(BatchItem item, int index, EntryWriteReader reader)
    {
        var at = string.Create(CultureInfo.InvariantCulture, $"items[{index}]");
        try
        {
            return item switch
            {
                { Put: { } put, Delete: null } => new($"{at}.put", reader.Put($"{at}.put", put.Devmap, put.Key, put.Spec, put.ExpectedRevision), null),
                { Put: null, Delete: { } delete } => new($"{at}.delete", reader.Delete($"{at}.delete", delete.Devmap, delete.Key, delete.Owner, delete.ExpectedRevision), null),
                _ => new(at, null, RequestErrors.NeitherPutNorDelete()),
            };
        }
        catch (ControlPlaneException e)
        {
            return new($"{at}.{(item.Put is null ? "delete" : "put")}", null, e.Error);
        }
    }

    // The states are those of now, of the answer to a repeat too.
    private BatchOutcome Answer(ItemResults results, EntryId?[] entries, WaitResult? wait)
    {
        // The writer has just read the interfaces.
        var (snapshot, interfaces) = (state.Current, kernel.Interfaces.Current);
        var byDevmap = new Dictionary<DevmapId, (DevmapState Devmap, StatusEvaluator Evaluator)?>();
        return new BatchOutcome(
            [.. results.Results.Select((r, i) => new BatchResult(r.Outcome, r.Revision, entries[i] is { } id ? StateOf(id) : null, r.Error))], results.Revision,
            wait?.IsSatisfied, wait?.Unsatisfied ?? []);

        EntryState? StateOf(EntryId id)
        {
            if (!byDevmap.TryGetValue(id.Devmap, out var known))
                byDevmap[id.Devmap] = known = snapshot.Find(id.Devmap) is { } devmap ? (devmap, evaluators.For(snapshot, devmap, interfaces)) : null;
            return known is var (found, evaluator) && (found.Find(id.Key) ?? found.Find(id.Key, interfaces)) is { } entry
                ? evaluator.BasicView(entry).Status.State
                : null;
        }
    }

    /// <summary>An item as it was read.</summary>
    /// <param name="Path">The field of the request that has it.</param>
    /// <param name="Write">The write; null if the item is not valid.</param>
    /// <param name="Error">Why it is not; null otherwise.</param>
    private sealed record Item(string Path, EntryWrite? Write, Error? Error);
}
