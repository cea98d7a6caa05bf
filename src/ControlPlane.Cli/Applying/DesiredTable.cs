using System.Globalization;
using ControlPlane.Cli.Output;
using ControlPlane.Cli.Running;
using ControlPlane.TableFiles;
using Devmapd.V1;
using Google.Protobuf;

namespace ControlPlane.Cli.Applying;

/// <summary>The content of files about one devmap; egress programs belong to none.</summary>
/// <param name="Devmap">The devmap.</param>
internal sealed record DesiredTable(string Devmap)
{
    /// <summary>The owner of the documents; null for none. It is the scope of what is pruned.</summary>
    public string? Owner { get; init; }

    /// <summary>The entries by key; null if the files say nothing about entries.</summary>
    public Dictionary<string, EntrySpec>? Entries { get; private set; }

    /// <summary>The attachments by interface; null if the files say nothing about attachments.</summary>
    public Dictionary<string, AttachmentSpec>? Attachments { get; private set; }

    /// <summary>The egress programs by name; null if the files say nothing about programs.</summary>
    public Dictionary<string, EgressProgramSpec>? Programs { get; private set; }

    /// <summary>Reads files, folders and the input (<c>-</c>). Documents of one devmap and owner become one table.</summary>
    /// <exception cref="TableFileException">Some are not valid; with every error.</exception>
    public static IReadOnlyList<DesiredTable> Read(IEnumerable<string> paths, string devmap, TextReader input)
    {
        var (tables, errors) = (new List<DesiredTable>(), new List<string>());
        foreach (var path in paths.SelectMany(Files))
        {
            try
            {
                var text = path == "-" ? input.ReadToEnd() : File.ReadAllText(path);
                foreach (var document in TableReader.Read(text, path == "-" ? "stdin" : path))
                {
                    var name = document.Devmap ?? devmap;
                    var table = tables.FirstOrDefault(t => t.Devmap == name && t.Owner == document.Owner);
                    if (table is null)
                        tables.Add(table = new DesiredTable(name) { Owner = document.Owner });
                    table.Entries = Take(document, document.Entries, table.Entries, errors);
                    table.Attachments = Take(document, document.Attachments, table.Attachments, errors);
                    table.Programs = Take(document, document.Programs, table.Programs, errors);
                }
            }
            catch (TableFileException e)
            {
                errors.AddRange(e.Errors);
            }
        }

        return errors.Count == 0 ? tables : throw new TableFileException(errors);
    }

    /// <summary>The table with its egress programs alone.</summary>
    public DesiredTable ProgramsOnly() => this with { Entries = null, Attachments = null };

    private static Dictionary<string, T>? Take<T>(TableDocument document, IReadOnlyList<TableItem>? items, Dictionary<string, T>? into, List<string> errors)
        where T : class, IMessage, new()
    {
        if (items is null)
            return into;
        into ??= new(StringComparer.Ordinal);
        foreach (var item in items)
        {
            var (spec, found) = (new T(), new List<string>());
            MessageJson.Read(item.Spec, spec, found);
            if (!into.TryAdd(item.Name, spec))
                found.Add("is named twice");
            errors.AddRange(found.Select(error => string.Create(CultureInfo.InvariantCulture, $"{document.Source}:{item.Line}: '{item.Name}': {error}")));
        }

        return into;
    }

    private static IEnumerable<string> Files(string path)
    {
        if (path == "-")
            return [path];
        if (Directory.Exists(path))
            return Directory.EnumerateFiles(path).Where(f => Path.GetExtension(f) is ".yaml" or ".yml" or ".json").Order(StringComparer.Ordinal);
        return File.Exists(path) ? [path] : throw CommandFailedException.Usage($"There is no file '{path}'.");
    }
}
