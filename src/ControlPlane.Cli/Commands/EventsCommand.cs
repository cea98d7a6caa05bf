using System.CommandLine;
using System.Globalization;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using Devmapd.V1;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl events</c>: what happens, one line per event.</summary>
internal sealed class EventsCommand : CtlCommand
{
    private readonly Option<long?> _since = new("--since") { Description = "Begin after this revision. Without it: from now on.", HelpName = "REVISION" };
    private readonly Option<int?> _count = new("--count") { Description = "End after so many events.", HelpName = "N" };

    public EventsCommand()
        : base("events", "Show changes as they happen, of all devmaps or of that of --devmap.")
    {
        Add(_since);
        Add(_count);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (left, printer) = (call.Get(_count) ?? int.MaxValue, call.Printer);
        // The revision before now: the stream then has no snapshot.
        var request = new WatchDevmapsRequest { Revision = call.Get(_since) ?? (await call.Client.GetHostAsync(call.Cancellation)).Revision };
        if (call.HasDevmap)
            request.Devmap.Add(call.Devmap);
        var isSnapshot = false;
        await foreach (var item in call.Client.WatchDevmapsAsync(request, call.Cancellation))
        {
            if (item.BeginsSnapshot)
                call.Terminal.Warn("the daemon no longer has the changes since then; events are missing here");
            isSnapshot = item.BeginsSnapshot || (isSnapshot && item.Event?.Synced is null);
            if (isSnapshot || item.Event is not { } happened || happened.Synced is not null || happened.Bookmark is not null)
                continue;
            if (printer.IsTable)
                call.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:HH:mm:ss}  {(happened.HasRevision ? $"{happened.Revision}" : ""),8}  {Line(call.Terminal, item.Devmap, happened)}"));
            else
                printer.PrintLine(MessageJson.Of(happened));
            call.Out.Flush();
            if (--left == 0)
                return ExitCodes.Ok;
        }

        return ExitCodes.Ok;
    }

    private static string Line(Terminal terminal, string? devmap, WatchResponse happened) => happened.EventCase switch
    {
        WatchResponse.EventOneofCase.Entry =>
            $"put     {Kinds.Entry.ResourceOf(happened.Entry)} -> {happened.Entry.Spec.Interface} {terminal.PaintState(MessageJson.Word(happened.Entry.Status.State))} {Readable.Reason(happened.Entry.Status.Conditions)}".TrimEnd(),
        WatchResponse.EventOneofCase.EntryDeleted => $"delete  devmaps/{devmap}/entries/{happened.EntryDeleted.Key}",
        WatchResponse.EventOneofCase.Attachment =>
            $"put     {Kinds.Attachment.ResourceOf(happened.Attachment)} {terminal.PaintState(MessageJson.Word(happened.Attachment.Status.State))} {Readable.Reason(happened.Attachment.Status.Conditions)}".TrimEnd(),
        WatchResponse.EventOneofCase.AttachmentDeleted => $"delete  devmaps/{devmap}/attachments/{happened.AttachmentDeleted.Interface}",
        WatchResponse.EventOneofCase.StatusChanged =>
            $"status  interfaces/{happened.StatusChanged.Interface} {(happened.StatusChanged.HasIfindex ? $"has the index {happened.StatusChanged.Ifindex}" : "does not exist")}, {happened.StatusChanged.Entries} entries of {devmap}",
        WatchResponse.EventOneofCase.DriftFound => $"drift   devmaps/{devmap}: {happened.DriftFound.Found} found, {happened.DriftFound.Repaired} repaired",
        WatchResponse.EventOneofCase.EgressProgramSet =>
            $"set     interfaces/{happened.EgressProgramSet.Interface} egress program {(happened.EgressProgramSet.HasEgressProgram ? happened.EgressProgramSet.EgressProgram : "none")}, {happened.EgressProgramSet.Entries} entries",
        WatchResponse.EventOneofCase.Program => $"put     programs/{happened.Program.Name} {MessageJson.Word(happened.Program.Spec.Template)}",
        WatchResponse.EventOneofCase.ProgramDeleted => $"delete  programs/{happened.ProgramDeleted.Name}",
        _ => MessageJson.Of(happened).ToJsonString(),
    };
}
