using System.CommandLine;
using System.Text.Json.Nodes;
using ControlPlane.Cli.Applying;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using ControlPlane.TableFiles;
using Devmapd.V1;
using Google.Protobuf;

namespace ControlPlane.Cli.Commands;

/// <summary>The options that <c>apply</c> and <c>diff</c> share.</summary>
internal abstract class TableCommand : CtlCommand
{
    private readonly Option<string[]> _files = new("--filename", "-f") { Description = "A file, a folder, or - for the input. Can be repeated.", HelpName = "FILE", Required = true };
    private readonly Option<bool> _prune = new("--prune") { Description = "Delete what the files do not name, of the labels of -l or of the owner of a document." };
    private readonly Option<string[]> _labels = CommonOptions.Selector();
    private readonly Option<bool> _force = CommonOptions.Force();
    private readonly Option<int?> _allowDeletions = new("--allow-deletions") { Description = "The most entries that may be deleted. Ten, or a twentieth of the scope, unless given.", HelpName = "N" };

    protected TableCommand(string name, string description)
        : base(name, description)
    {
        foreach (var option in new Option[] { _files, _prune, _labels, _force, _allowDeletions })
            Add(option);
    }

    /// <summary>Reads the tables and the options.</summary>
    protected (IReadOnlyList<DesiredTable> Tables, ApplyOptions Options) Read(Call call, bool allowPending)
    {
        var (prune, labels) = (call.Get(_prune), call.Get(_labels) ?? []);
        if (labels.Length > 0 && !prune)
            throw CommandFailedException.Usage("-l says what to prune: it needs --prune.");
        _ = CommonOptions.Labels(labels).Count();
        var tables = DesiredTable.Read(call.Get(_files) ?? [], call.Devmap, call.Terminal.In);
        if (prune && labels.Length == 0 && tables.FirstOrDefault(t => t.Owner is null) is { } open)
            throw CommandFailedException.Usage($"--prune needs labels (-l) or an owner in the document: it would delete everything else of devmaps/{open.Devmap}.");
        foreach (var table in tables)
        {
            foreach (var (name, value) in CommonOptions.Labels(labels))
            {
                foreach (var spec in table.Attachments?.Values ?? Enumerable.Empty<AttachmentSpec>())
                    spec.Labels[name] = value;
                foreach (var spec in table.Programs?.Values ?? Enumerable.Empty<EgressProgramSpec>())
                    spec.Labels[name] = value;
            }
        }

        return (tables, new ApplyOptions(prune, labels, allowPending, call.Get(_force), call.Get(_allowDeletions)));
    }
}

/// <summary><c>devmapctl apply</c>: makes the daemon's tables those of files.</summary>
internal sealed class ApplyCommand : TableCommand
{
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show what would happen, and change nothing." };
    private readonly Option<bool> _allowPending = new("--allow-pending") { Description = "Interfaces may be missing; what needs them is then Pending." };
    private readonly Option<bool> _wait = new("--wait") { Description = "Wait until all entries of the files forward." };
    private readonly Option<string> _timeout = CommonOptions.Timeout();

    public ApplyCommand()
        : base("apply", "Create and change entries, attachments and egress programs as files say.")
    {
        foreach (var option in new Option[] { _dryRun, _allowPending, _wait, _timeout })
            Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (tables, options) = Read(call, call.Get(_allowPending) || call.Get(_wait));
        var code = ExitCodes.Ok;
        foreach (var table in tables)
        {
            var writer = new TableWriter(call, table, options);
            var programs = table.Programs is null ? [] : await TablePlan.MakeAsync(call, table.ProgramsOnly(), options with { Prune = false });
            // Entries that carry a new program can be planned only when the program exists.
            if (!call.Get(_dryRun))
                await writer.WriteProgramsAsync();
            var plan = await TablePlan.MakeAsync(call, table, options);
            plan = [.. programs.Where(p => plan.All(other => other.Resource != p.Resource)), .. plan];
            PlanText.Print(call.Terminal, plan);
            PlanText.Warn(call.Terminal, plan);
            if (!call.Get(_dryRun))
                await writer.WriteAsync(plan);
            call.Out.WriteLine($"{table.Devmap}: {Count(plan, PlannedAction.Create)} created, {Count(plan, PlannedAction.Change)} changed, {Count(plan, PlannedAction.Delete)} deleted{(call.Get(_dryRun) ? " (dry run)" : "")}");
            if (call.Get(_wait) && !call.Get(_dryRun) && !await writer.WaitAsync(CommonOptions.Span(call.Get(_timeout)!)))
                code = ExitCodes.TimedOut;
        }

        return code;
    }

    private static int Count(IEnumerable<PlannedItem> plan, PlannedAction action) => plan.Count(i => i.Action == action);
}

/// <summary><c>devmapctl diff</c>: the differences between files and the daemon.</summary>
internal sealed class DiffCommand() : TableCommand("diff", "Show what apply would change; exit code 3 if anything.")
{
    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (tables, options) = Read(call, allowPending: true);
        var differences = 0;
        foreach (var table in tables)
        {
            var plan = await TablePlan.MakeAsync(call, table, options);
            PlanText.Print(call.Terminal, plan);
            PlanText.Warn(call.Terminal, plan);
            differences += plan.Count;
        }

        return differences > 0 ? ExitCodes.Differences : ExitCodes.Ok;
    }
}

/// <summary><c>devmapctl export</c>: the desired state as files that <c>apply</c> takes.</summary>
internal sealed class ExportCommand : CtlCommand
{
    private readonly Option<string[]> _labels = CommonOptions.Selector();
    private readonly Option<string?> _owner = CommonOptions.Owner("Only resources of this owner.");

    public ExportCommand()
        : base("export", "Print the desired state as YAML that apply takes, a document per devmap.")
    {
        Add(_labels);
        Add(_owner);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var query = new Query("") { Labels = call.Get(_labels) ?? [], Owner = call.Get(_owner) };
        var programs = await SectionAsync(call, Kinds.Program, query, "template", item => ((EgressProgram)item).Spec);
        if (programs.Count > 0)
            Write(call, new JsonObject { ["programs"] = programs });
        string[] devmaps = call.HasDevmap ? [call.Devmap] : [.. (await call.Client.ListDevmapsAsync(call.Cancellation)).Select(d => d.Name)];
        foreach (var devmap in devmaps)
        {
            var scope = query with { Devmap = devmap };
            Write(call, new JsonObject
            {
                ["devmap"] = devmap,
                ["entries"] = await SectionAsync(call, Kinds.Entry, scope, "interface", item => ((Entry)item).Spec),
                ["attachments"] = await SectionAsync(call, Kinds.Attachment, scope, "mode", item => ((Attachment)item).Spec),
            });
        }

        return ExitCodes.Ok;
    }

    private static async Task<JsonObject> SectionAsync(Call call, Kind kind, Query query, string shortField, Func<IMessage, IMessage?> specOf)
    {
        var section = new JsonObject();
        await foreach (var item in kind.ListAsync(call, query))
        {
            // An element that others put into the kernel has no spec.
            if (specOf(item) is not { } spec || item is Entry { HasRevision: false })
                continue;
            var json = SpecJson.Of(spec);
            section[kind.NameOf(item)] = json.Count == 1 && json[shortField] is JsonValue only ? only.DeepClone() : json;
        }

        return section;
    }

    private static void Write(Call call, JsonObject document)
    {
        foreach (var empty in document.Where(s => s.Value is JsonObject { Count: 0 }).Select(s => s.Key).ToList())
            document.Remove(empty);
        if (document.Count == 1 && document.ContainsKey("devmap"))
            return;
        if (!call.Printer.IsTable)
            call.Printer.Print(document);
        else
            call.Out.Write($"---\n{YamlText.Of(document)}");
    }
}
