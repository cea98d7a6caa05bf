namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// Objects that a test could leave behind on this machine: interfaces of this process's names in the initial namespace,
/// named namespaces, pins under a folder, and BPF descriptors of this process.
/// </summary>
public sealed class Leftovers
{
    private readonly string? _pinFolder;
    private readonly bool _descriptors;
    private readonly HashSet<string> _items;

    private Leftovers(string? pinFolder, bool descriptors) =>
        (_pinFolder, _descriptors, _items) = (pinFolder, descriptors, Collect(pinFolder, descriptors));

    /// <summary>The objects that exist now.</summary>
    /// <param name="pinFolder">A folder in a bpffs to watch, which need not exist.</param>
    /// <param name="descriptors">Whether to count this process's BPF descriptors: only where no other test runs beside.</param>
    public static Leftovers Capture(string? pinFolder = null, bool descriptors = false) => new(pinFolder, descriptors);

    /// <summary>The objects that exist now and did not when this was captured.</summary>
    public IReadOnlyList<string> Since() => Collect(_pinFolder, _descriptors).Except(_items).Order().ToList();

    /// <summary>Waits until nothing more is there than when this was captured: the kernel takes namespaces down in its own time.</summary>
    /// <exception cref="TimeoutException">Something is left; the message lists it.</exception>
    public async Task AssertNothingLeftAsync(TimeSpan? deadline = null)
    {
        try
        {
            await Eventually.Async(() => Since().Count == 0, deadline);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"left behind: {string.Join(", ", Since())}");
        }
    }

    private static HashSet<string> Collect(string? pinFolder, bool descriptors)
    {
        var items = NetworkNamespace.Initial.InterfaceNames()
            .Where(name => name.StartsWith(LabNames.Prefix, StringComparison.Ordinal))
            .Select(name => $"interface {name}")
            .ToHashSet();
        const string NamedNamespaces = "/run/netns";
        if (Directory.Exists(NamedNamespaces))
            items.UnionWith(Directory.EnumerateFiles(NamedNamespaces, LabNames.Prefix + "*").Select(path => $"namespace {Path.GetFileName(path)}"));
        if (pinFolder is not null && Directory.Exists(pinFolder))
            items.UnionWith(Directory.EnumerateFileSystemEntries(pinFolder, "*", SearchOption.AllDirectories).Prepend(pinFolder).Select(path => $"pin {path}"));
        if (descriptors)
            items.UnionWith(BpfDescriptors());
        return items;
    }

    private static IEnumerable<string> BpfDescriptors()
    {
        foreach (var descriptor in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            var target = new FileInfo(descriptor).LinkTarget;
            if (target?.StartsWith("anon_inode:bpf", StringComparison.Ordinal) == true)
                yield return $"descriptor {Path.GetFileName(descriptor)} ({target})";
        }
    }
}
