using System.CommandLine;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using Devmapd.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Option = System.CommandLine.Option;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl history</c>: who has changed what, when.</summary>
internal sealed class HistoryCommand : CtlCommand
{
    private readonly Option<string?> _key = new("--key") { Description = "Only changes of the entry with this key.", HelpName = "KEY" };
    private readonly Option<string?> _owner = CommonOptions.Owner("Only changes of resources of this owner.");
    private readonly Option<string?> _by = new("--by") { Description = "Only changes by this caller.", HelpName = "WHO" };
    private readonly Option<string?> _since = new("--since") { Description = "Only changes after this revision, or within this time.", HelpName = "REVISION|TIME" };
    private readonly Option<int> _count = new("--count", "-n") { Description = "The most changes. 20 unless given; 0 for all.", HelpName = "N", DefaultValueFactory = _ => 20 };
    private readonly Option<bool> _oldest = new("--oldest") { Description = "The oldest first." };

    public HistoryCommand()
        : base("history", "Show who has changed what and when; -o yaml shows before and after.")
    {
        foreach (var option in new Option[] { _key, _owner, _by, _since, _count, _oldest })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var request = new ListChangesRequest { Order = call.Get(_oldest) ? ChangeOrder.Oldest : ChangeOrder.Newest };
        if (call.HasDevmap || call.Get(_key) is not null)
            request.Devmap = call.Devmap;
        if (call.Get(_key) is { } key)
            request.Key = key;
        if (call.Get(_owner) is { } owner)
            request.Owner = owner;
        if (call.Get(_by) is { } by)
            request.Actor = by;
        if (long.TryParse(call.Get(_since), out var revision))
            request.SinceRevision = revision;
        else if (call.Get(_since) is { } span)
            request.SinceTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow - CommonOptions.Span(span));
        var most = call.Get(_count);
        if (most is > 0 and < 1000)
            request.PageSize = most;
        await call.Printer.PrintAsync(Kinds.Change, Take(call.Client.ListChangesAsync(request, call.Cancellation), most == 0 ? int.MaxValue : most));
        return ExitCodes.Ok;
    }

    private static async IAsyncEnumerable<IMessage> Take(IAsyncEnumerable<Change> changes, int most)
    {
        if (most <= 0)
            yield break;
        await foreach (var change in changes)
        {
            yield return change;
            if (--most == 0)
                break;
        }
    }
}

/// <summary><c>devmapctl revert</c>: takes changes back.</summary>
internal sealed class RevertCommand : CtlCommand
{
    private readonly Argument<long?> _revision = new("REVISION") { Description = "The change to take back.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<long?> _to = new("--to") { Description = "Instead of one change: bring everything back to the state of this revision.", HelpName = "REVISION" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show what would happen, and change nothing." };
    private readonly Option<bool> _force = new("--force") { Description = "Also what others have changed since." };

    public RevertCommand()
        : base("revert", "Take back a change, or everything since a revision.")
    {
        Add(_revision);
        foreach (var option in new Option[] { _to, _dryRun, _force })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (revision, to, dryRun) = (call.Get(_revision), call.Get(_to), call.Get(_dryRun));
        if (revision is null == to is null)
            throw CommandFailedException.Usage("Say either which change to take back, or --to which revision.");
        var outcome = revision is { } one
            ? await call.Client.RevertChangeAsync(one, call.Get(_force), dryRun, call.Cancellation)
            : await call.Client.RevertStateAsync(to!.Value, dryRun, call.Cancellation);
        if (!call.Printer.IsTable)
        {
            call.Printer.Print(MessageJson.Of(outcome));
            return ExitCodes.Ok;
        }

        foreach (var planned in outcome.Plan)
            call.Out.WriteLine($"{Sign(planned.Action)} {planned.Resource}");
        call.Out.WriteLine($"{(dryRun ? "would be: " : "")}{outcome.Created} created, {outcome.Changed} changed, {outcome.Deleted} deleted, {outcome.Unchanged} unchanged; revision {outcome.Revision}");
        return ExitCodes.Ok;
    }

    /// <summary>The sign of a planned change.</summary>
    public static string Sign(PlannedAction action) => action switch { PlannedAction.Create => "+", PlannedAction.Delete => "-", _ => "~" };
}

/// <summary><c>devmapctl audit</c>: compares the kernel with the desired state.</summary>
internal sealed class AuditCommand : CtlCommand
{
    private readonly Argument<string[]> _devmaps = new("DEVMAP") { HelpName = "DEVMAP", Description = "The devmaps; all unless given.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<bool> _noRepair = new("--no-repair") { Description = "Only report; exit code 3 if there are differences." };

    public AuditCommand()
        : base("audit", "Compare the kernel with the desired state, and repair what others have changed.")
    {
        _devmaps.CompletionSources.Add(context => Completions.Names(context.ParseResult, "devmaps"));
        Add(_devmaps);
        Add(_noRepair);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var names = call.Get(_devmaps) is { Length: > 0 } given ? given : [.. (await call.Client.ListDevmapsAsync(call.Cancellation)).Select(d => d.Name)];
        var left = 0;
        foreach (var name in names)
        {
            var audit = await call.Client.AuditDevmapAsync(name, !call.Get(_noRepair), call.Cancellation);
            left += audit.Found - audit.Repaired;
            if (!call.Printer.IsTable)
            {
                call.Printer.Print(MessageJson.Of(audit));
                continue;
            }

            foreach (var drift in audit.Drifts)
                call.Out.WriteLine($"  {MessageJson.Word(drift.Kind)} {(drift.HasKey ? drift.Key : drift.HasInterface ? drift.Interface : drift.Pin)}{(drift.Repaired ? ", repaired" : drift.HasFailure ? $", not repaired: {drift.Failure}" : "")}");
            call.Out.WriteLine($"devmaps/{name}: {audit.Checked} checked, {audit.Found} different, {audit.Repaired} repaired");
        }

        return left > 0 ? ExitCodes.Differences : ExitCodes.Ok;
    }
}

/// <summary><c>devmapctl probe</c>: sends real frames to an entry.</summary>
internal sealed class ProbeCommand : CtlCommand
{
    private readonly Argument<string> _key = CommonOptions.Key();
    private readonly Option<uint?> _frames = new("--frames") { Description = "How many frames, 1 to 100. 10 unless given.", HelpName = "N" };

    public ProbeCommand()
        : base("probe", "Send real frames to an entry, and tell what became of them.")
    {
        Add(_key);
        Add(_frames);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var probe = await call.Client.ProbeEntryAsync(call.Devmap, call.Get(_key)!, call.Get(_frames), call.Cancellation);
        if (!call.Printer.IsTable)
        {
            call.Printer.Print(MessageJson.Of(probe));
        }
        else
        {
            call.Out.WriteLine($"devmaps/{probe.Devmap}/entries/{probe.Key}: {probe.Sent} of {probe.Frames} frames of {probe.FrameBytes} bytes sent by {probe.Interface}");
            call.Out.WriteLine($"  {call.Terminal.PaintState(MessageJson.Word(probe.Proven.Status))} {probe.Proven.Reason}: {probe.Proven.Message}");
        }

        return probe.Proven.Status == ConditionStatus.True ? ExitCodes.Ok : ExitCodes.Failed;
    }
}
