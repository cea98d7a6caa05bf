using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Fairness;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;
using ControlPlane.Core.Status;
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
internal sealed class BatchService(ControlPlaneState state, DevmapWriter writer, IKernel kernel, StatusEvaluators evaluators, BatchGate gate)
{
    // With few batches at a time, half of a caller's share of the queue stays free for its other writes.
    private const int PartOfShare = 2 * BatchGate.Places;

    // The details of errors take no more of an answer, which clients accept up to 4 MiB.
    private const int MaxDetailChars = 1 << 20;

    /// <summary>Makes a batch of writes.</summary>
    /// <param name="batch">The batch, not yet validated.</param>
    /// <param name="allowPending">Whether interfaces may be missing.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request failed; nothing was changed.</exception>
    public async Task<BatchOutcome> ApplyAsync(EntryBatch batch, bool allowPending, RequestContext request)
    {
        var most = batch.Mode == BatchMode.Atomic ? EntryBatch.MaxAtomicItems : EntryBatch.MaxItems;
        if (!request.Violations.Has("items") && (batch.Items is not { Count: > 0 } || batch.Items.Count > most))
            request.Violations.Add("items", string.Create(CultureInfo.InvariantCulture, $"must be 1 to {most} items"));
        request.Violations.ThrowIfAny();
        using var place = await gate.EnterAsync(request.Caller.Account, request.Cancellation);
        var reader = new EntryWriteReader(state.Current, kernel.Interfaces.Current, request.Caller, allowPending);
        var items = batch.Items.Select((item, index) => Read(item, index, reader)).ToList();
        return batch.Mode == BatchMode.Atomic ? await ApplyTogetherAsync(items, request) : await ApplyEachAsync(items, request);
    }

    private async Task<BatchOutcome> ApplyTogetherAsync(List<Item> items, RequestContext request)
    {
        if (items.Exists(i => i.Error is not null))
            throw new ControlPlaneException(RequestErrors.OfItems([.. items.Where(i => i.Error is not null).Select(i => (i.Path, i.Error!))]));
        var command = new ApplyEntriesCommand([.. items.Select(i => i.Write!)], index => items[index].Path);
        var outcomes = await writer.SubmitAsync(command, request);
        return Answer(outcomes.Select(o => ((EntryOutcome?)o, (Error?)null)), items);
    }

    private async Task<BatchOutcome> ApplyEachAsync(List<Item> items, RequestContext request)
    {
        var outcomes = new List<(EntryOutcome? Outcome, Error? Error)>(items.Count);
        foreach (var chunk in items.Chunk(Math.Max(1, writer.ShareOf(request.Caller) / PartOfShare)))
            outcomes.AddRange(await Task.WhenAll(chunk.Select(item => ApplyAsync(item, request))));
        return Answer(outcomes, items);
    }

    private async Task<(EntryOutcome? Outcome, Error? Error)> ApplyAsync(Item item, RequestContext request)
    {
        if (item.Write is not { } write)
            return (null, item.Error);
        try
        {
            WriterCommand<EntryOutcome> command = write.Spec is null ? new DeleteEntryCommand(write) : new PutEntryCommand(write);
            return (await writer.SubmitAsync(command, request), null);
        }
        catch (ControlPlaneException e)
        {
            return (null, e.Error);
        }
    }

    private static Item Read(BatchItem item, int index, EntryWriteReader reader)
    {
        var at = string.Create(CultureInfo.InvariantCulture, $"items[{index}]");
        try
        {
            return item switch
            {
                { Put: { } put, Delete: null } => new($"{at}.put", reader.Put($"{at}.put", put.Devmap, put.Key, put.Spec, put.ExpectedRevision), null),
                { Put: null, Delete: { } delete } => new($"{at}.delete", reader.Delete($"{at}.delete", delete.Devmap, delete.Key, delete.ExpectedRevision), null),
                _ => new(at, null, RequestErrors.NeitherPutNorDelete()),
            };
        }
        catch (ControlPlaneException e)
        {
            return new($"{at}.{(item.Put is null ? "delete" : "put")}", null, e.Error);
        }
    }

    private BatchOutcome Answer(IEnumerable<(EntryOutcome? Outcome, Error? Error)> outcomes, List<Item> items)
    {
        // The writer has just read the interfaces.
        var (snapshot, interfaces, chars) = (state.Current, kernel.Interfaces.Current, 0);
        var byDevmap = new Dictionary<DevmapId, StatusEvaluator?>();
        var results = new List<BatchResult>(items.Count);
        foreach (var (outcome, error) in outcomes)
            results.Add(outcome is null ? Failed(error!, items[results.Count].Path) : Done(outcome));
        return new BatchOutcome(results, snapshot.Revision);

        BatchResult Failed(Error error, string path)
        {
            chars += error.Detail.Length + error.Fields.Sum(f => f.Field.Length + f.Message.Length);
            return new(ItemOutcome.Failed, null, null, chars > MaxDetailChars
                ? new ItemError(error.Code.Text(), error.Code.Title(), null, [])
                : new ItemError(error.Code.Text(), error.Detail, error.Resource, error.Fields.Count == 0 ? [] : [.. RequestErrors.FieldsOf((path, error))]));
        }

        BatchResult Done(EntryOutcome outcome)
        {
            var (before, after) = (outcome.Before, outcome.After);
            var effect = after is null ? ItemOutcome.Deleted
                : before is null ? ItemOutcome.Created
                : ReferenceEquals(before.Record, after.Record) ? ItemOutcome.Unchanged
                : ItemOutcome.Changed;
            return new(effect, after?.Record.Revision ?? outcome.Revision, after is null ? null : StateOf(outcome.Devmap, after), null);
        }

        EntryState? StateOf(DevmapId id, PlacedEntry entry)
        {
            if (!byDevmap.TryGetValue(id, out var evaluator))
                byDevmap[id] = evaluator = snapshot.Find(id) is { } devmap ? evaluators.For(snapshot, devmap, interfaces) : null;
            return evaluator?.BasicView(entry).Status.State;
        }
    }

    /// <summary>An item as it was read.</summary>
    /// <param name="Path">The field of the request that has it.</param>
    /// <param name="Write">The write; null if the item is not valid.</param>
    /// <param name="Error">Why it is not; null otherwise.</param>
    private sealed record Item(string Path, EntryWrite? Write, Error? Error);
}
