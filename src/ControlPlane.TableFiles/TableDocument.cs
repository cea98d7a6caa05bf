using System.Text.Json.Nodes;

namespace ControlPlane.TableFiles;

/// <summary>One document of a table file: what it says about one devmap, and about egress programs.</summary>
/// <param name="Source">The file, for messages.</param>
/// <param name="Line">The line on which the document begins, from 1.</param>
public sealed record TableDocument(string Source, int Line)
{
    /// <summary>The name of the devmap; null where the document leaves it out.</summary>
    public string? Devmap { get; init; }

    /// <summary>The owner of all that the document names; null for none.</summary>
    public string? Owner { get; init; }

    /// <summary>Labels that all resources of the document have.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The entries: keys and specs, in the order of the file; null if the document says nothing about entries.</summary>
    public IReadOnlyList<TableItem>? Entries { get; init; }

    /// <summary>The attachments: interfaces and specs; null if the document says nothing about attachments.</summary>
    public IReadOnlyList<TableItem>? Attachments { get; init; }

    /// <summary>The egress programs: names and specs; null if the document says nothing about programs.</summary>
    public IReadOnlyList<TableItem>? Programs { get; init; }
}

/// <summary>A resource of a document.</summary>
/// <param name="Name">The key, interface or program.</param>
/// <param name="Spec">The desired state, as the body of a REST PUT. It has the owner and the labels of the document.</param>
/// <param name="Line">The line, from 1.</param>
public sealed record TableItem(string Name, JsonObject Spec, int Line);

/// <summary>A table file has errors.</summary>
/// <param name="errors">All of them, each with file and line.</param>
public sealed class TableFileException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    /// <summary>All errors, each with file and line.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
