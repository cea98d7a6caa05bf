using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf;

namespace ControlPlane.Cli.Applying;

/// <summary>One change of a plan.</summary>
/// <param name="Resource">The resource as the API names it.</param>
/// <param name="Action">The change.</param>
/// <param name="Before">The spec now; null if there is none.</param>
/// <param name="After">The spec then; null if the resource would be deleted.</param>
internal sealed record PlannedItem(string Resource, PlannedAction Action, IMessage? Before, IMessage? After)
{
    /// <summary>The state that an entry would have; null where it is not known.</summary>
    public string? State { get; init; }

    /// <summary>Why traffic would be lost; null if it would not be.</summary>
    public string? Warning { get; init; }
}

/// <summary>How a table is applied.</summary>
/// <param name="Prune">Whether resources of the scope that the table does not name are deleted.</param>
/// <param name="Labels">The scope of that, besides the owner.</param>
/// <param name="AllowPending">Whether interfaces may be missing.</param>
/// <param name="Force">Whether resources of other owners may be written.</param>
/// <param name="AllowDeletions">The most entries that may be deleted; null for the limit of the daemon.</param>
internal sealed record ApplyOptions(bool Prune, IReadOnlyList<string> Labels, bool AllowPending, bool Force, int? AllowDeletions);

/// <summary>Finds the changes that a table makes. The daemon says what would become of entries.</summary>
internal static class TablePlan
{
    /// <summary>The most entries of one request: they must fit into 4 MiB.</summary>
    public const int MostEntries = 10_000;

    /// <summary>Returns the changes: programs, attachments, then entries.</summary>
    public static async Task<List<PlannedItem>> MakeAsync(Call call, DesiredTable table, ApplyOptions options)
    {
        List<PlannedItem> plan =
        [
            .. await CompareAsync(call, Kinds.Program, "", table.Programs, table.Owner, options, p => ((EgressProgram)p).Spec),
            .. await CompareAsync(call, Kinds.Attachment, table.Devmap, table.Attachments, table.Owner, options, a => Plain(((Attachment)a).Spec)),
        ];
        if (table.Entries is { } entries)
            plan.AddRange(await EntriesAsync(call, table, entries, options));
        return plan;
    }

    /// <summary>The request that makes the entries those of a table.</summary>
    public static ReplaceEntriesRequest Request(DesiredTable table, IEnumerable<KeyValuePair<string, EntrySpec>> entries, ApplyOptions options)
    {
        var request = new ReplaceEntriesRequest
        {
            Devmap = table.Devmap,
            AllowPending = options.AllowPending,
            Force = options.Force,
            Entries = { entries.Select(e => new DesiredEntry { Key = e.Key, Spec = e.Value }) },
        };
        if (!options.Prune)
            return request;
        request.Label.AddRange(options.Labels);
        if (table.Owner is { } owner)
            request.Owner = owner;
        if (options.AllowDeletions is { } most)
            request.AllowDeletions = most;
        return request;
    }

    private static async Task<List<PlannedItem>> EntriesAsync(Call call, DesiredTable table, Dictionary<string, EntrySpec> entries, ApplyOptions options)
    {
        var plan = new List<PlannedItem>();
        // Without pruning the plan of the whole table is asked for, and its deletions are not made.
        var parts = options.Prune ? [[.. entries]] : entries.Chunk(MostEntries).ToArray();
        foreach (var part in parts)
        {
            var request = Request(table, part, options with { AllowPending = true, Force = options.Force || !options.Prune });
            request.DryRun = true;
            var answer = await call.Client.ReplaceEntriesAsync(request, call.Cancellation);
            plan.AddRange(answer.Plan.Where(c => options.Prune || c.Action != PlannedAction.Delete).Select(c => Item(table.Devmap, c)));
            if (answer.Truncated)
                call.Terminal.Warn($"the plan of devmaps/{table.Devmap} is longer than the daemon tells; the counts of entries are those that it tells");
            if (options.Prune && answer.Error is { } error)
                call.Terminal.Warn($"this would be refused: {error.Code}: {error.Detail}");
        }

        return plan;
    }

    private static PlannedItem Item(string devmap, PlannedChange change) =>
        new($"devmaps/{devmap}/entries/{change.Key}", change.Action, change.Before, change.Spec)
        {
            State = change.HasState ? MessageJson.Word(change.State) : null,
            Warning = change switch
            {
                { Action: PlannedAction.Delete, Packets: > 0 } => $"it has forwarded {Readable.Count(change.Packets)} frames; further ones take the miss action",
                { HasState: true, State: EntryState.Undeliverable or EntryState.Pending or EntryState.Failed } when change.Packets > 0 || change.Before is not null =>
                    $"{(change.Packets > 0 ? $"it has forwarded {Readable.Count(change.Packets)} frames, and " : "it ")}would be {MessageJson.Word(change.State)}{(change.Condition is { } why ? $" ({why.Reason}): {why.Message}" : "")}",
                _ => null,
            },
        };

    private static async Task<List<PlannedItem>> CompareAsync<T>(
        Call call, Kind kind, string devmap, Dictionary<string, T>? desired, string? owner, ApplyOptions options, Func<IMessage, IMessage> specOf)
        where T : class, IMessage
    {
        var plan = new List<PlannedItem>();
        if (desired is null)
            return plan;
        var there = new Dictionary<string, IMessage>(StringComparer.Ordinal);
        await foreach (var item in kind.ListAsync(call, new Query(devmap)))
            there[kind.NameOf(item)] = item;
        foreach (var (name, spec) in desired)
        {
            IMessage then = spec is AttachmentSpec attachment ? Plain(attachment) : spec;
            var now = there.GetValueOrDefault(name) is { } found ? specOf(found) : null;
            if (!then.Equals(now))
                plan.Add(new(Resource(name), now is null ? PlannedAction.Create : PlannedAction.Change, now, then));
        }

        if (!options.Prune)
            return plan;
        await foreach (var item in kind.ListAsync(call, new Query(devmap) { Labels = options.Labels, Owner = owner }))
        {
            if (!desired.ContainsKey(kind.NameOf(item)))
                plan.Add(new(kind.ResourceOf(item), PlannedAction.Delete, specOf(item), null) { Warning = kind is AttachmentKind ? "frames that arrive there are no longer redirected" : null });
        }

        return plan;

        string Resource(string name) => kind.IsOfDevmap ? $"devmaps/{devmap}/{kind.Plural}/{name}" : $"{kind.Plural}/{name}";
    }

    // The daemon writes out what a spec leaves to it.
    private static AttachmentSpec Plain(AttachmentSpec spec)
    {
        var plain = spec.Clone();
        if (plain.Mode == AttachMode.Unspecified)
            plain.Mode = AttachMode.Auto;
        if (plain.Promiscuous == Promiscuous.Unspecified)
            plain.Promiscuous = Promiscuous.Auto;
        return plain;
    }
}
