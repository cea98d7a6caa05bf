using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace ControlPlane.TableFiles;

/// <summary>Reads table files.</summary>
public static class TableReader
{
    private static readonly string[] Members = ["devmap", "owner", "labels", "entries", "attachments", "programs"];

    /// <summary>Reads all documents of a text.</summary>
    /// <param name="text">YAML, or JSON, which is YAML too.</param>
    /// <param name="source">The file, for messages.</param>
    /// <exception cref="TableFileException">The text is not of the form; with every error that could be found.</exception>
    public static IReadOnlyList<TableDocument> Read(string text, string source)
    {
        var errors = new Errors(source);
        var documents = Parse(text, errors)
            .Where(document => document.RootNode is not YamlScalarNode { Value: null or "" })
            .Select(document => ReadDocument(document.RootNode, source, errors))
            .ToList();
        errors.ThrowIfAny();
        return documents;
    }

    /// <summary>Reads a text of one value.</summary>
    /// <exception cref="TableFileException">The text is not YAML.</exception>
    public static JsonNode? ReadValue(string text, string source)
    {
        var errors = new Errors(source);
        var document = Parse(text, errors).FirstOrDefault();
        errors.ThrowIfAny();
        return document is null ? null : ToJson(document.RootNode);
    }

    private static IList<YamlDocument> Parse(string text, Errors errors)
    {
        var yaml = new YamlStream();
        try
        {
            // Aliases could make a small file a large value.
            yaml.Load(new NoAliases(new Parser(new StringReader(text))));
        }
        catch (YamlException e)
        {
            errors.Add(e.Start.Line, e.InnerException?.Message ?? e.Message);
        }
        catch (InvalidDataException e)
        {
            errors.Add(1, e.Message);
        }

        errors.ThrowIfAny();
        return yaml.Documents;
    }

    private static TableDocument ReadDocument(YamlNode root, string source, Errors errors)
    {
        var document = new TableDocument(source, Line(root));
        if (root is not YamlMappingNode map)
        {
            errors.Add(document.Line, $"a document must be a mapping with {string.Join(", ", Members)}");
            return document;
        }

        foreach (var (name, value) in map.Children.Where(c => !Members.Contains(Text(c.Key))))
            errors.Add(Line(name), $"'{Text(name)}' is not known; a document has {string.Join(", ", Members)}");
        document = document with
        {
            Devmap = TextOf(map, "devmap", errors),
            Owner = TextOf(map, "owner", errors),
            Labels = LabelsOf(map, errors),
        };
        document = document with
        {
            Entries = ItemsOf(map, "entries", "key", "interface", document, errors),
            Attachments = ItemsOf(map, "attachments", "interface", "mode", document, errors),
            Programs = ItemsOf(map, "programs", "name", "template", document, errors),
        };
        if (document is { Entries: null, Attachments: null, Programs: null })
            errors.Add(document.Line, "the document names no entries, attachments or programs");
        return document;
    }

    // A mapping of names to specs, or a list: of names, or of mappings with the name and "spec".
    private static List<TableItem>? ItemsOf(YamlMappingNode map, string section, string nameField, string shortField, TableDocument document, Errors errors)
    {
        var items = new List<TableItem>();
        switch (Child(map, section))
        {
            case null:
                return null;
            case YamlScalarNode { Value: null or "" }:
                break;
            case YamlMappingNode named:
                foreach (var (name, spec) in named.Children)
                    Add(Text(name), spec, Line(name));
                break;
            case YamlSequenceNode list:
                foreach (var item in list.Children)
                {
                    if (item is YamlMappingNode each && Child(each, nameField) is { } name)
                        Add(Text(name), Child(each, "spec"), Line(item));
                    else if (item is YamlScalarNode { Value.Length: > 0 } only && section == "attachments")
                        Add(only.Value, null, Line(item));
                    else
                        errors.Add(Line(item), $"an item of {section} must be a mapping with '{nameField}' and 'spec'");
                }

                break;
            case var other:
                errors.Add(Line(other), $"{section} must be a mapping, or a list");
                break;
        }

        foreach (var twice in items.GroupBy(i => i.Name).Where(g => g.Count() > 1))
            errors.Add(twice.Last().Line, $"{section} names '{twice.Key}' twice");
        return items;

        void Add(string name, YamlNode? value, int line)
        {
            var spec = value switch
            {
                null or YamlScalarNode { Value: null or "" } => shortField == "mode" ? [] : null,
                YamlScalarNode text => new JsonObject { [shortField] = text.Value },
                YamlMappingNode full => (JsonObject)ToJson(full)!,
                _ => null,
            };
            if (spec is null)
                errors.Add(line, $"{section}: '{name}' must be a {shortField}, or a mapping with the fields of a spec");
            else if (name.Length == 0)
                errors.Add(line, $"{section}: a {nameField} must not be empty");
            else
                items.Add(new TableItem(name, Complete(spec, document), line));
        }
    }

    private static JsonObject Complete(JsonObject spec, TableDocument document)
    {
        if (document.Owner is { } owner && spec["owner"] is null)
            spec["owner"] = owner;
        if (document.Labels.Count > 0 && spec["labels"] is null or JsonObject)
        {
            var labels = spec["labels"] as JsonObject ?? [];
            foreach (var (name, value) in document.Labels)
            {
                if (!labels.ContainsKey(name))
                    labels[name] = value;
            }

            if (labels.Parent is null && labels.Count > 0)
                spec["labels"] = labels;
        }

        return spec;
    }

    private static Dictionary<string, string> LabelsOf(YamlMappingNode map, Errors errors)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Child(map, "labels") is not { } node)
            return labels;
        if (node is YamlMappingNode named && named.Children.Values.All(v => v is YamlScalarNode))
        {
            foreach (var (name, value) in named.Children)
                labels[Text(name)] = Text(value);
        }
        else
        {
            errors.Add(Line(node), "labels must be a mapping of names to texts");
        }

        return labels;
    }

    private static string? TextOf(YamlMappingNode map, string name, Errors errors)
    {
        switch (Child(map, name))
        {
            case null:
                return null;
            case YamlScalarNode { Value.Length: > 0 } text:
                return text.Value;
            case var other:
                errors.Add(Line(other), $"{name} must be a text");
                return null;
        }
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(c => KeyValuePair.Create(Text(c.Key), Field(Text(c.Key), c.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Plain(plain.Value ?? ""),
        YamlScalarNode text => JsonValue.Create(text.Value),
        _ => null,
    };

    // Labels are texts, whatever they look like.
    private static JsonNode? Field(string name, YamlNode value) => name == "labels" && value is YamlMappingNode labels
        ? new JsonObject(labels.Children.Select(c => KeyValuePair.Create(Text(c.Key), (JsonNode?)JsonValue.Create(Text(c.Value)))))
        : ToJson(value);

    /// <summary>The value of a text without quotes: null, a truth value, a whole number, or the text.</summary>
    internal static JsonNode? Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" => JsonValue.Create(true),
        "false" or "False" or "FALSE" => JsonValue.Create(false),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        _ => JsonValue.Create(text),
    };

    private static YamlNode? Child(YamlMappingNode map, string name) => map.Children.FirstOrDefault(c => Text(c.Key) == name).Value;

    private static string Text(YamlNode node) => (node as YamlScalarNode)?.Value ?? "";

    private static int Line(YamlNode node) => (int)node.Start.Line;

    private sealed class Errors(string source)
    {
        private readonly List<string> _found = [];

        public void Add(long line, string message) => _found.Add(string.Create(CultureInfo.InvariantCulture, $"{source}:{line}: {message}"));

        public void ThrowIfAny()
        {
            if (_found.Count > 0)
                throw new TableFileException(_found);
        }
    }

    private sealed class NoAliases(IParser inner) : IParser
    {
        public YamlDotNet.Core.Events.ParsingEvent? Current => inner.Current;

        public bool MoveNext()
        {
            var more = inner.MoveNext();
            return inner.Current is YamlDotNet.Core.Events.AnchorAlias alias
                ? throw new YamlException(alias.Start, alias.End, "aliases are not allowed")
                : more;
        }
    }
}
