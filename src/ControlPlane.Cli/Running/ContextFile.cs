using System.Text.Json.Nodes;
using ControlPlane.TableFiles;

namespace ControlPlane.Cli.Running;

/// <summary>A daemon that devmapctl can talk to.</summary>
/// <param name="Address">The address: <c>unix:PATH</c>, <c>http://</c> or <c>https://</c>.</param>
internal sealed record Context(string Address)
{
    /// <summary>The file with the secret of a token; null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The client's certificate in PEM; null for none.</summary>
    public string? Certificate { get; init; }

    /// <summary>The key of the certificate in PEM.</summary>
    public string? Key { get; init; }

    /// <summary>The authorities of the daemon's certificate in PEM; null for those of the host.</summary>
    public string? Authority { get; init; }

    /// <summary>The devmap of commands that name none; null for <c>default</c>.</summary>
    public string? Devmap { get; init; }
}

/// <summary>The file with the contexts: <c>~/.config/devmapd/devmapctl.yaml</c>, or that of <c>DEVMAPCTL_CONFIG</c>.</summary>
internal sealed class ContextFile
{
    private readonly JsonObject _root;

    private ContextFile(string path, JsonObject root) => (Path, _root) = (path, root);

    /// <summary>The path of the file.</summary>
    public string Path { get; }

    /// <summary>The name of the context in use; null for none.</summary>
    public string? Current
    {
        get => Text(_root, "current");
        set => _root["current"] = value;
    }

    /// <summary>The contexts by name.</summary>
    public IReadOnlyDictionary<string, Context> Contexts =>
        All.Where(c => c.Value is JsonObject).ToDictionary(c => c.Key, c => Read(c.Value!.AsObject()), StringComparer.Ordinal);

    private JsonObject All
    {
        get
        {
            if (_root["contexts"] is not JsonObject all)
                _root["contexts"] = all = [];
            return all;
        }
    }

    /// <summary>Reads the file. A file that does not exist has no contexts.</summary>
    public static ContextFile Load()
    {
        var path = Environment.GetEnvironmentVariable("DEVMAPCTL_CONFIG") is { Length: > 0 } given ? given : System.IO.Path.Combine(
            Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } home
                ? home
                : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"),
            "devmapd",
            "devmapctl.yaml");
        return new ContextFile(path, File.Exists(path) ? TableReader.ReadValue(File.ReadAllText(path), path) as JsonObject ?? [] : []);
    }

    /// <summary>Adds or replaces a context.</summary>
    public void Set(string name, Context context)
    {
        var node = new JsonObject { ["address"] = context.Address };
        foreach (var (field, value) in new[]
        {
            ("tokenFile", context.TokenFile), ("certificate", context.Certificate), ("key", context.Key), ("authority", context.Authority), ("devmap", context.Devmap),
        })
        {
            if (value is not null)
                node[field] = value;
        }

        All[name] = node;
    }

    /// <summary>Removes a context; false if there is none of the name.</summary>
    public bool Remove(string name) => All.Remove(name);

    /// <summary>Writes the file.</summary>
    public void Save()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!);
        File.WriteAllText(Path, YamlText.Of(_root));
    }

    private static Context Read(JsonObject node) => new(Text(node, "address") ?? "")
    {
        TokenFile = Text(node, "tokenFile"),
        Certificate = Text(node, "certificate"),
        Key = Text(node, "key"),
        Authority = Text(node, "authority"),
        Devmap = Text(node, "devmap"),
    };

    private static string? Text(JsonObject node, string name) => node[name]?.ToString() is { Length: > 0 } text ? text : null;
}
