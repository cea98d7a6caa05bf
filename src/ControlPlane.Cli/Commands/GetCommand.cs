using System.CommandLine;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using ControlPlane.Client;
using Devmapd.V1;
using Google.Protobuf;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl get</c>: resources in a table, or in another form; and as they change.</summary>
internal class GetCommand : CtlCommand
{
    private readonly Argument<string> _kind = CommonOptions.Kind();
    private readonly Argument<string[]> _names;
    private readonly Option<string[]> _labels = CommonOptions.Selector();
    private readonly Option<string?> _owner = CommonOptions.Owner("Only resources of this owner.");
    private readonly Option<string?> _interface = new("--interface") { Description = "Only entries for this interface.", HelpName = "NAME" };
    private readonly Option<string?> _state = new("--state") { Description = "Only resources in this state.", HelpName = "STATE" };
    private readonly Option<bool> _allDevmaps = new("--all-devmaps", "-A") { Description = "Of all devmaps." };
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Go on, and show each resource again when it changes." };

    public GetCommand()
        : this("get", "Show resources.")
    {
    }

    protected GetCommand(string name, string description)
        : base(name, description)
    {
        _names = CommonOptions.Names(ArgumentArity.ZeroOrMore, _kind);
        Add(_kind);
        Add(_names);
        foreach (var option in new Option[] { _labels, _owner, _interface, _state, _allDevmaps, _watch })
            Add(option);
    }

    /// <summary>Whether the command watches in any case.</summary>
    protected virtual bool Watches => false;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (kind, devmap, names) = CommonOptions.Resource(call.Get(_kind)!, call.Get(_names));
        var printer = call.Printer;
        string[] devmaps = kind.IsOfDevmap && call.Get(_allDevmaps)
            ? [.. (await call.Client.ListDevmapsAsync(call.Cancellation)).Select(d => d.Name)]
            : [devmap ?? (kind.IsOfDevmap ? call.Devmap : "")];
        var query = new Query("")
        {
            Labels = call.Get(_labels) ?? [],
            Owner = call.Get(_owner),
            Interface = call.Get(_interface),
            State = call.Get(_state),
        };
        _ = CommonOptions.Labels(query.Labels).Count();
        if (call.Get(_watch) || Watches)
            return await WatchAsync(call, kind, devmaps, names, query);
        if ((names.Count == 1 && devmaps.Length == 1) || kind.IsSingle)
            printer.Print(kind, await kind.GetAsync(call, devmaps[0], names.Count == 0 ? "" : names[0]));
        else
            await printer.PrintAsync(kind, names.Count > 0 ? NamedAsync(call, kind, devmaps, names) : ListAsync(call, kind, devmaps, query));
        return ExitCodes.Ok;
    }

    private static async IAsyncEnumerable<IMessage> ListAsync(Call call, Kind kind, IReadOnlyList<string> devmaps, Query query)
    {
        foreach (var devmap in devmaps)
        {
            await foreach (var item in kind.ListAsync(call, query with { Devmap = devmap }))
                yield return item;
        }
    }

    private static async IAsyncEnumerable<IMessage> NamedAsync(Call call, Kind kind, IReadOnlyList<string> devmaps, IReadOnlyList<string> names)
    {
        foreach (var devmap in devmaps)
        {
            foreach (var name in names)
                yield return await kind.GetAsync(call, devmap, name);
        }
    }

    // The list, then each resource again when it changes, or when an interface changes that its state depends on.
    private static async Task<int> WatchAsync(Call call, Kind kind, IReadOnlyList<string> devmaps, IReadOnlyList<string> names, Query query)
    {
        if (!kind.IsOfDevmap)
            throw CommandFailedException.Usage($"{kind.Plural} cannot be watched: entries and attachments can.");
        var known = new Dictionary<string, IMessage>(StringComparer.Ordinal);
        Action<IMessage, string?>? print = null;
        var isSynced = false;
        await foreach (var item in call.Client.WatchDevmapsAsync(new WatchDevmapsRequest { Devmap = { devmaps } }, call.Cancellation))
        {
            if (item.BeginsSnapshot)
                isSynced = false;
            else if (item.Event!.Synced is not null && !isSynced)
                await ShowAllAsync();
            else if (isSynced)
                await ShowAsync(item);
        }

        return ExitCodes.Ok;

        async Task ShowAllAsync()
        {
            var now = new List<IMessage>();
            await foreach (var found in ListAsync(call, kind, devmaps, query))
            {
                if (names.Count == 0 || names.Contains(kind.NameOf(found)))
                    now.Add(found);
            }

            print ??= call.Printer.Rows(kind, now);
            now.ForEach(found => Show(found));
            foreach (var gone in known.Keys.Except(now.Select(kind.ResourceOf)).ToList())
                Remove(gone);
            isSynced = true;
        }

        async Task ShowAsync(DevmapsWatchItem item)
        {
            var deleted = item.Event!.EntryDeleted?.Key ?? item.Event.AttachmentDeleted?.Interface;
            if (deleted is not null)
                Remove($"devmaps/{item.Devmap}/{(item.Event.EntryDeleted is null ? "attachments" : "entries")}/{deleted}");
            else if (item.Event.StatusChanged is not null || item.Event.EgressProgramSet is not null || item.Event.DriftFound is not null)
                await ShowAllAsync();
            else if ((item.Event.Entry as IMessage ?? item.Event.Attachment) is { } changed && IsSelected(changed))
                Show(changed);
        }

        bool IsSelected(IMessage changed) => changed switch
        {
            Entry e => kind is EntryKind && (names.Count == 0 || names.Contains(e.Key)) && e.Spec.Labels.Has(query.Labels)
                && (query.Owner is null || query.Owner == e.Spec.Owner) && (query.Interface is null || query.Interface == e.Spec.Interface)
                && (query.State is null || query.State == MessageJson.Word(e.Status.State)),
            Attachment a => kind is AttachmentKind && (names.Count == 0 || names.Contains(a.Interface)) && a.Spec.Labels.Has(query.Labels)
                && (query.Owner is null || query.Owner == a.Spec.Owner),
            _ => false,
        };

        // A resource of which only counters have changed is not shown again.
        void Show(IMessage found)
        {
            var name = kind.ResourceOf(found);
            if (known.TryGetValue(name, out var before) && Essence(before).Equals(Essence(found)))
                return;
            known[name] = found;
            print!(found, null);
        }

        void Remove(string name)
        {
            if (known.Remove(name, out var last))
                print!(last, "Deleted");
        }
    }

    private static IMessage Essence(IMessage item)
    {
        if (item is not Entry entry)
            return item;
        var essence = entry.Clone();
        essence.Status.ClearPackets();
        essence.Status.ClearBytes();
        essence.Status.ClearExpired();
        essence.Status.Drops.Clear();
        foreach (var condition in essence.Status.Conditions)
            condition.LastTransitionTime = null;
        return essence;
    }
}

/// <summary><c>devmapctl watch</c>: resources as they change; <c>get --watch</c> is the same.</summary>
internal sealed class WatchCommand() : GetCommand("watch", "Show entries or attachments, and each again when it changes.")
{
    /// <inheritdoc/>
    protected override bool Watches => true;
}
