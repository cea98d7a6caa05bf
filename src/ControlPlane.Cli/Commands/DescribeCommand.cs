using System.CommandLine;
using System.Text.Json.Nodes;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using ControlPlane.TableFiles;
using Devmapd.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace ControlPlane.Cli.Commands;

/// <summary><c>devmapctl describe</c>: all about a resource, with the remedy of each condition that does not hold.</summary>
internal sealed class DescribeCommand : CtlCommand
{
    private readonly Argument<string> _kind = CommonOptions.Kind();
    private readonly Argument<string[]> _names;

    public DescribeCommand()
        : base("describe", "Show all about a resource, with its conditions and their remedies.")
    {
        _names = CommonOptions.Names(ArgumentArity.ZeroOrMore, _kind);
        Add(_kind);
        Add(_names);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(Call call)
    {
        var (kind, devmap, names) = CommonOptions.Resource(call.Get(_kind)!, call.Get(_names));
        if (names.Count == 0 && !kind.IsSingle)
            throw CommandFailedException.Usage($"Say which {kind.Name}.");
        foreach (var name in names.DefaultIfEmpty(""))
        {
            var item = await kind.GetAsync(call, devmap ?? (kind.IsOfDevmap ? call.Devmap : ""), name);
            if (call.Printer.IsTable)
                Describe(call.Terminal, kind.ResourceOf(item), item);
            else
                call.Printer.Print(kind, item);
        }

        return ExitCodes.Ok;
    }

    private static void Describe(Terminal terminal, string resource, IMessage item)
    {
        var json = MessageJson.Of(item).AsObject();
        var conditions = Conditions(item);
        json.Remove("conditions");
        (json["status"] as JsonObject)?.Remove("conditions");
        terminal.Out.WriteLine(terminal.Paint(resource, 1));
        terminal.Out.Write(YamlText.Of(json, 2));
        if (conditions.Count > 0)
            Print(terminal, conditions);
    }

    /// <summary>Prints conditions, and below each that does not hold its remedy.</summary>
    private static void Print(Terminal terminal, RepeatedField<Condition> conditions)
    {
        terminal.Out.WriteLine("  conditions:");
        var rows = conditions.Select(c => new[] { MessageJson.Word(c.Status), c.Type, c.Reason, c.Message }).ToList();
        var widths = TextTable.Widths(rows);
        foreach (var (condition, row) in conditions.Zip(rows))
        {
            terminal.Out.WriteLine($"    {TextTable.Line(row, widths, terminal.PaintState)}");
            if (condition.Status != ConditionStatus.True && condition.Remedy is { } remedy)
                Remedies.Lines(remedy).ToList().ForEach(line => terminal.Out.WriteLine($"           {terminal.Paint(line, 36)}"));
        }
    }

    private static RepeatedField<Condition> Conditions(IMessage item) => item switch
    {
        Entry entry => entry.Status.Conditions,
        Attachment attachment => attachment.Status.Conditions,
        Devmap devmap => devmap.Status.Conditions,
        Interface found => found.Conditions,
        Host host => host.Conditions,
        _ => [],
    };
}
