using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Api.Rest.Reading;
using ControlPlane.TableFiles;

namespace ControlPlane.Daemon.Files;

/// <summary>The content of one file.</summary>
/// <param name="Owner">The owner of all of it: <c>file:NAME</c>.</param>
internal sealed record FileTable(string Owner)
{
    /// <summary>The prefix of the owners of files.</summary>
    public const string OwnerPrefix = "file:";

    private const string DefaultDevmap = "default";

    /// <summary>The entries of each devmap that the file names.</summary>
    public Dictionary<string, List<DesiredEntry>> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>The attachments, by devmap and interface.</summary>
    public Dictionary<(string Devmap, string Interface), AttachmentSpec> Attachments { get; } = [];

    /// <summary>The egress programs by name.</summary>
    public Dictionary<string, EgressProgramSpec> Programs { get; } = new(StringComparer.Ordinal);

    /// <summary>The owner of what a file says: the file's name without its extension.</summary>
    public static string OwnerOf(string path) => OwnerPrefix + Path.GetFileNameWithoutExtension(path);

    /// <summary>Reads a file.</summary>
    /// <exception cref="TableFileException">The file has errors; with all of them.</exception>
    public static FileTable Read(string path)
    {
        var (table, errors) = (new FileTable(OwnerOf(path)), new List<string>());
        if (!LabelRules.IsOwner(table.Owner))
            errors.Add($"{path}: the name of the file must be one of an owner, which {LabelRules.OwnerRule}");
        foreach (var document in TableReader.Read(File.ReadAllText(path), Path.GetFileName(path)))
            table.Take(document, errors);
        return errors.Count == 0 ? table : throw new TableFileException(errors);
    }

    private void Take(TableDocument document, List<string> errors)
    {
        var devmap = document.Devmap ?? DefaultDevmap;
        if (document.Owner is not null)
            errors.Add($"{document.Source}:{document.Line}: owner must be left out: all of a file belongs to '{Owner}'");
        foreach (var item in document.Entries ?? [])
        {
            if (!Entries.TryGetValue(devmap, out var entries))
                Entries[devmap] = entries = [];
            var spec = Spec(item, RestJson.Instance.EntrySpec, document, errors);
            entries.Add(new DesiredEntry(item.Name, spec with { Owner = Owner }, null));
        }

        foreach (var item in document.Attachments ?? [])
        {
            var spec = Spec(item, RestJson.Instance.AttachmentSpec, document, errors, (found, violations) =>
            {
                InterfaceName.Validate(item.Name, "interface", violations);
                LabelRules.Validate(found.Labels, found.Owner, violations);
                LeaseName.Validate(found.Lease, violations);
            });
            Add(Attachments, (devmap, item.Name), spec with { Owner = Owner }, item, document, errors);
        }

        foreach (var item in document.Programs ?? [])
        {
            var spec = Spec(item, RestJson.Instance.EgressProgramSpec, document, errors, (found, violations) =>
            {
                if (!ProgramName.IsValid(item.Name))
                    violations.Add("program", ProgramName.Rule);
                if (!violations.Has("template"))
                    found.Template.Parameters.Check(found.Parameters ?? EgressProgramParameters.Empty, violations);
                LabelRules.Validate(found.Labels, found.Owner, violations);
            });
            Add(Programs, item.Name, spec with { Owner = Owner }, item, document, errors);
        }
    }

    private static TSpec Spec<TSpec>(TableItem item, JsonTypeInfo<TSpec> type, TableDocument document, List<string> errors, Action<TSpec, Violations>? check = null)
    {
        var violations = new Violations();
        using var json = JsonDocument.Parse(item.Spec.ToJsonString());
        var spec = new JsonReading(violations).Read(json.RootElement, type);
        check?.Invoke(spec, violations);
        errors.AddRange(violations.Found.Select(v => $"{document.Source}:{item.Line}: '{item.Name}': {v.Field} {v.Message}"));
        return spec;
    }

    private static void Add<TKey, TSpec>(Dictionary<TKey, TSpec> into, TKey key, TSpec spec, TableItem item, TableDocument document, List<string> errors)
        where TKey : notnull
    {
        if (!into.TryAdd(key, spec))
            errors.Add($"{document.Source}:{item.Line}: '{item.Name}' is named twice");
    }
}
