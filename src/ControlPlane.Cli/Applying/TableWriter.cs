using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;

namespace ControlPlane.Cli.Applying;

/// <summary>Makes the changes of a table: programs first, because entries carry them; attachments after the entries that their frames need.</summary>
internal sealed class TableWriter(Call call, DesiredTable table, ApplyOptions options)
{
    private const int BatchSize = 1000;

    /// <summary>Creates and changes egress programs.</summary>
    public async Task WriteProgramsAsync()
    {
        foreach (var (name, spec) in table.Programs ?? [])
            await call.Client.PutProgramAsync(name, spec, force: options.Force, cancellationToken: call.Cancellation);
    }

    /// <summary>Writes entries, then attachments; then deletes attachments and programs of the plan.</summary>
    public async Task WriteAsync(IReadOnlyList<PlannedItem> plan)
    {
        if (options.Prune && table.Entries is { } entries)
            await call.Client.ReplaceEntriesAsync(TablePlan.Request(table, entries, options), call.Cancellation);
        else if (table.Entries is { Count: > 0 } some)
            await PutAsync(some);
        foreach (var (name, spec) in table.Attachments ?? [])
            await call.Client.PutAttachmentAsync(table.Devmap, name, spec, options.AllowPending, force: options.Force, cancellationToken: call.Cancellation);
        foreach (var gone in plan.Where(i => i.Action == PlannedAction.Delete))
        {
            var name = gone.Resource[(gone.Resource.LastIndexOf('/') + 1)..];
            if (gone.Before is AttachmentSpec attachment)
                await Kinds.Attachment.DeleteAsync(call, table.Devmap, name, new WriteOptions(null, attachment.HasOwner ? attachment.Owner : null, options.Force));
            else if (gone.Before is EgressProgramSpec program)
                await Kinds.Program.DeleteAsync(call, "", name, new WriteOptions(null, program.HasOwner ? program.Owner : null, options.Force));
        }
    }

    /// <summary>Waits until all entries of the table forward; false if the time is over before.</summary>
    public async Task<bool> WaitAsync(TimeSpan timeout)
    {
        if (table.Entries is not { Count: > 0 } entries)
            return true;
        // An empty change waits for the entries that it names.
        var request = new ApplyEntriesRequest
        {
            Mode = BatchMode.Independent, AllowPending = true, Force = options.Force, Wait = WaitState.Forwarding, Timeout = Duration.FromTimeSpan(timeout),
            Items = { entries.Take(TablePlan.MostEntries).Select(Put) },
        };
        var answer = await call.Client.ApplyEntriesAsync(request, call.Cancellation);
        foreach (var entry in answer.Unsatisfied)
            call.Terminal.Warn($"devmaps/{entry.Devmap}/entries/{entry.Key} does not forward{(entry.Condition is { } why ? $" ({why.Reason}): {why.Message}" : "")}");
        return answer.WaitSatisfied;
    }

    // Up to 1,000 entries happen together. More are written in batches, with a bar.
    private async Task PutAsync(Dictionary<string, EntrySpec> entries)
    {
        if (entries.Count <= BatchSize)
        {
            await call.Client.ApplyEntriesAsync(BatchMode.Atomic, entries.Select(Put), options.AllowPending, force: options.Force, cancellationToken: call.Cancellation);
            return;
        }

        if (!call.Terminal.ShowsProgress)
        {
            await WriteBatchesAsync(entries, _ => { });
            return;
        }

        await call.Terminal.Drawing(onError: true).Progress().AutoClear(true).StartAsync(async progress =>
        {
            var bar = progress.AddTask($"entries of {table.Devmap}", maxValue: entries.Count);
            await WriteBatchesAsync(entries, count => bar.Increment(count));
        });
    }

    private async Task WriteBatchesAsync(Dictionary<string, EntrySpec> entries, Action<int> report)
    {
        var failures = new List<string>();
        await foreach (var answer in call.Client.WriteEntriesAsync(BatchesAsync(), call.Cancellation))
        {
            failures.AddRange(answer.Results.Where(r => r.Error is not null).Select(r => $"  {r.Error.Resource}: {r.Error.Code}: {r.Error.Detail}"));
            report(answer.Results.Count);
        }

        if (failures.Count > 0)
            throw new CommandFailedException(ExitCodes.Failed, $"{failures.Count} of {entries.Count} entries were refused:\n{string.Join('\n', failures.Take(20))}");

        async IAsyncEnumerable<WriteEntriesRequest> BatchesAsync()
        {
            foreach (var batch in entries.Chunk(BatchSize))
            {
                await Task.Yield();
                yield return new WriteEntriesRequest { Mode = BatchMode.Independent, AllowPending = options.AllowPending, Force = options.Force, Items = { batch.Select(Put) } };
            }
        }
    }

    private BatchItem Put(KeyValuePair<string, EntrySpec> entry) => new() { Put = new BatchPut { Devmap = table.Devmap, Key = entry.Key, Spec = entry.Value } };
}
