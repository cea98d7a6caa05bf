using System.Reflection;
using System.Text.RegularExpressions;
using ArchUnitNET.Loader;
using ControlPlane.TestCommon;

namespace ControlPlane.UnitTests;

/// <summary>
/// The folders of one project and the dependencies between them. A folder is a namespace; the root of the project and a folder
/// with subfolders are nodes as any other, so a child that uses its parent while the parent uses the child is a cycle.
/// </summary>
/// <remarks>
/// Dependencies come from the compiled code, and from the <c>using</c> lines, which also show constants: the compiler copies
/// these. A <c>using</c> line is a dependency because the build refuses one that is not needed.
/// </remarks>
internal sealed partial class FolderGraph
{
    private readonly string _project;
    private readonly string? _except;

    /// <summary>An example of each dependency, by the folder that has it and the folder that it is on.</summary>
    private readonly SortedDictionary<string, SortedDictionary<string, string>> _dependencies = new(StringComparer.Ordinal);

    private FolderGraph(string project, string? except) => (_project, _except) = (project, except);

    /// <summary>Reads the dependencies between the folders of a project, whose name is also its root namespace.</summary>
    /// <param name="project">The project.</param>
    /// <param name="except">A folder to leave out, with its subfolders.</param>
    public static FolderGraph Of(string project, string? except = null)
    {
        var graph = new FolderGraph(project, except);
        graph.AddCompiled();
        graph.AddUsings();
        return graph;
    }

    /// <summary>Fails if the dependencies contain a cycle, and shows the cycle with an example of each dependency.</summary>
    public void AssertNoCycle()
    {
        if (FindCycle() is not { } cycle)
            return;
        var steps = cycle.Zip(cycle.Skip(1).Append(cycle[0]), (from, to) => $"  {Short(from)} -> {Short(to)}: {_dependencies[from][to]}");
        Assert.Fail($"The folders of {_project} form a cycle:\n{string.Join('\n', steps)}");
    }

    /// <summary>Fails if a folder uses a folder that comes after it, or if a folder is not in the order. The root is "".</summary>
    public void AssertOrder(IReadOnlyList<string> order)
    {
        var places = order.Select((folder, place) => (folder.Length == 0 ? _project : $"{_project}.{folder}", place)).ToDictionary();
        foreach (var (from, targets) in _dependencies)
        {
            foreach (var (to, example) in targets)
            {
                Assert.True(
                    places.TryGetValue(from, out var user) && places.TryGetValue(to, out var used) && used < user,
                    $"{Short(from)} must not use {Short(to)}: {example}");
            }
        }
    }

    /// <summary>Fails if a source file has another namespace than its folder.</summary>
    public static void AssertNamespaces(string project)
    {
        foreach (var (path, text) in Sources(project))
        {
            if (NamespaceLine().Match(text) is { Success: true } line)
                Assert.True(line.Groups[1].Value == NamespaceOf(project, path), $"{path} has the namespace {line.Groups[1].Value}");
        }
    }

    /// <summary>Returns the folders of a project that contain source files, and the root.</summary>
    public static IReadOnlyList<string> Folders(string project) =>
        [.. Sources(project).Select(s => Path.GetDirectoryName(s.Path)!).Append(Root(project)).Distinct()];

    private void AddCompiled()
    {
        var assembly = Assembly.Load(_project == "ControlPlane.Daemon" ? "devmapd" : _project);
        foreach (var type in new ArchLoader().LoadAssembly(assembly).Build().Types)
        {
            // A type parameter has no namespace.
            foreach (var target in type.Dependencies.Select(d => d.Target).Where(t => t.Namespace is not null))
                Add(type.Namespace.FullName, target.Namespace.FullName, $"{type.Name} uses {target.Name}");
        }
    }

    private void AddUsings()
    {
        foreach (var (path, text) in Sources(_project))
        {
            foreach (Match line in UsingLine().Matches(text))
                Add(NamespaceOf(_project, path), FolderOf(line.Groups[1].Value), $"{Path.GetFileName(path)} has \"{line.Value.Trim()}\"");
        }
    }

    private void Add(string from, string to, string example)
    {
        if (from == to || !IsOurs(from) || !IsOurs(to))
            return;
        if (!_dependencies.TryGetValue(from, out var targets))
            _dependencies[from] = targets = new(StringComparer.Ordinal);
        targets.TryAdd(to, example);
    }

    private bool IsOurs(string name) =>
        (name == _project || name.StartsWith(_project + ".", StringComparison.Ordinal))
        && (_except is null || !(name + ".").StartsWith(_except + ".", StringComparison.Ordinal));

    /// <summary>A <c>using static</c> and an alias name a type: its folder is the longest namespace that is one.</summary>
    private string FolderOf(string name)
    {
        while (name.Length > _project.Length && !Directory.Exists(Path.Combine(Root(_project), name[(_project.Length + 1)..].Replace('.', '/'))))
            name = name[..name.LastIndexOf('.')];
        return name;
    }

    /// <summary>Depth first; a dependency on a folder of the current path closes a cycle.</summary>
    private List<string>? FindCycle()
    {
        var done = new HashSet<string>();
        var path = new List<string>();
        return _dependencies.Keys.Select(Visit).FirstOrDefault(c => c is not null);

        List<string>? Visit(string folder)
        {
            if (path.IndexOf(folder) is >= 0 and var start)
                return path[start..];
            if (!_dependencies.TryGetValue(folder, out var targets) || !done.Add(folder))
                return null;
            path.Add(folder);
            var cycle = targets.Keys.Select(Visit).FirstOrDefault(c => c is not null);
            path.RemoveAt(path.Count - 1);
            return cycle;
        }
    }

    private string Short(string name) => name == _project ? "(root)" : name[(_project.Length + 1)..];

    private static string Root(string project) => Repository.PathOf($"src/{project}");

    private static string NamespaceOf(string project, string path)
    {
        var folder = Path.GetRelativePath(Root(project), Path.GetDirectoryName(path)!);
        return folder == "." ? project : $"{project}.{folder.Replace('/', '.')}";
    }

    private static IEnumerable<(string Path, string Text)> Sources(string project)
    {
        var built = new[] { Path.Combine(Root(project), "bin") + "/", Path.Combine(Root(project), "obj") + "/" };
        return Directory.EnumerateFiles(Root(project), "*.cs", SearchOption.AllDirectories)
            .Where(path => !built.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)))
            .Select(path => (path, File.ReadAllText(path)));
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^using (?:static |\w+ = )?(ControlPlane\.[\w.]+)[;<]", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
