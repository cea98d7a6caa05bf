using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlPlane.Cli.Resources;
using ControlPlane.Cli.Running;
using ControlPlane.TableFiles;
using Google.Protobuf;

namespace ControlPlane.Cli.Output;

/// <summary>Prints resources in the form that the caller asked for.</summary>
internal sealed class Printer
{
    private const string PathPrefix = "jsonpath=";
    private readonly string _form;
    private readonly Terminal _terminal;

    /// <summary>Makes a printer.</summary>
    /// <exception cref="CommandFailedException">There is no such form.</exception>
    public Printer(string form, Terminal terminal)
    {
        (_form, _terminal) = (form, terminal);
        if (form is not ("table" or "wide" or "json" or "yaml" or "name") && !form.StartsWith(PathPrefix, StringComparison.Ordinal))
            throw CommandFailedException.Usage($"'{form}' is no form of output: table, wide, json, yaml, name and jsonpath=TEMPLATE are.");
    }

    /// <summary>Whether people read it.</summary>
    public bool IsTable => _form is "table" or "wide";

    /// <summary>Prints a list.</summary>
    public async Task PrintAsync(Kind kind, IAsyncEnumerable<IMessage> items)
    {
        switch (_form)
        {
            case "table" or "wide":
                await PrintTableAsync(kind, items);
                break;
            case "name":
                await foreach (var item in items)
                    _terminal.Out.WriteLine(kind.ResourceOf(item));
                break;
            default:
                var all = new JsonArray();
                await foreach (var item in items)
                    all.Add(MessageJson.Of(item));
                Print(new JsonObject { [kind.Plural] = all });
                break;
        }
    }

    /// <summary>Prints one resource.</summary>
    public void Print(Kind kind, IMessage item)
    {
        if (IsTable)
        {
            var columns = Visible(kind);
            string[][] rows = [[.. columns.Select(c => c.Header)], [.. columns.Select(c => c.Text(item))]];
            foreach (var line in TextTable.Lines(rows, _terminal.PaintState))
                _terminal.Out.WriteLine(line);
        }
        else if (_form == "name")
        {
            _terminal.Out.WriteLine(kind.ResourceOf(item));
        }
        else
        {
            Print(MessageJson.Of(item));
        }
    }

    /// <summary>Prints a value that is no resource.</summary>
    public void Print(JsonNode value)
    {
        if (_form == "yaml")
            _terminal.Out.Write(YamlText.Of(value));
        else if (_form.StartsWith(PathPrefix, StringComparison.Ordinal))
            _terminal.Out.WriteLine(JsonPath.Apply(_form[PathPrefix.Length..], value));
        else
            _terminal.Out.WriteLine(ToText(value, indented: true));
    }

    /// <summary>Prints one line of a stream.</summary>
    public void PrintLine(JsonNode value)
    {
        if (_form == "json")
            _terminal.Out.WriteLine(ToText(value, indented: false));
        else
            Print(value);
        _terminal.Out.Flush();
    }

    /// <summary>Returns a printer of the rows of a stream, whose columns keep the widths of the first rows.</summary>
    public Action<IMessage, string?> Rows(Kind kind, IReadOnlyList<IMessage> first)
    {
        var columns = Visible(kind);
        string[] header = [.. columns.Select(c => c.Header)];
        var widths = TextTable.Widths([header, .. first.Select(item => columns.Select(c => c.Text(item)).ToArray())]);
        if (IsTable)
            _terminal.Out.WriteLine(TextTable.Line(header, widths));
        return (item, state) =>
        {
            if (_form == "name")
                _terminal.Out.WriteLine(kind.ResourceOf(item));
            else if (!IsTable)
                PrintLine(MessageJson.Of(item));
            else
                _terminal.Out.WriteLine(TextTable.Line([.. columns.Select(c => state is not null && c.Header == "STATE" ? state : c.Text(item))], widths, _terminal.PaintState));
            _terminal.Out.Flush();
        };
    }

    // JsonNode writes itself without reflection.
    private static string ToText(JsonNode value, bool indented)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            value.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private IReadOnlyList<Column> Visible(Kind kind) => [.. kind.Columns.Where(c => _form == "wide" || !c.IsWide)];

    private async Task PrintTableAsync(Kind kind, IAsyncEnumerable<IMessage> items)
    {
        var columns = Visible(kind);
        var rows = new List<string[]> { columns.Select(c => c.Header).ToArray() };
        await foreach (var item in items)
            rows.Add([.. columns.Select(c => c.Text(item))]);
        if (rows.Count == 1)
            _terminal.Error.WriteLine($"There are no {kind.Plural}.");
        else
            TextTable.Lines(rows, _terminal.PaintState).ToList().ForEach(_terminal.Out.WriteLine);
    }
}
