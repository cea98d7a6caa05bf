namespace ControlPlane.TestCommon.Lab;

/// <summary>
/// Objects of this process that outlive it or a test: interfaces in the initial namespace, named namespaces and pins. All carry
/// <see cref="LabNames.Prefix"/> in their names.
/// </summary>
public sealed class Leftovers
{
    private readonly HashSet<string> _before;

    private Leftovers() => _before = [.. Named()];

    /// <summary>Records the objects that exist now.</summary>
    public static Leftovers Capture() => new();

    /// <summary>The objects that exist now.</summary>
    public static IEnumerable<string> Named() => [.. Interfaces(), .. Namespaces(), .. Pins()];

    /// <summary>The objects that exist now and were not recorded.</summary>
    public IReadOnlyList<string> Since() => [.. Named().Except(_before).Order()];

    /// <summary>Waits until only recorded objects exist.</summary>
    /// <exception cref="TimeoutException">Something is left; the message lists it.</exception>
    public Task AssertNothingLeftAsync() => AssertNoneAsync(Since);

    /// <summary>Waits until a list is empty: the kernel removes namespaces, and processes end, some time after they are asked to.</summary>
    /// <exception cref="TimeoutException">Something is left; the message lists it.</exception>
    internal static async Task AssertNoneAsync(Func<IReadOnlyCollection<string>> list)
    {
        try
        {
            await Eventually.Async(() => list().Count == 0);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"left behind: {string.Join(", ", list())}");
        }
    }

    // Of the main thread, which no test moves to another namespace. No privilege is needed to read it.
    private static IEnumerable<string> Interfaces() => File.ReadLines("/proc/self/net/dev")
        .Select(line => line.TrimStart())
        .Where(line => line.StartsWith(LabNames.Prefix, StringComparison.Ordinal))
        .Select(line => $"interface {line[..line.LastIndexOf(':')]}");

    private static IEnumerable<string> Namespaces() => Entries("/run/netns", LabNames.Prefix + "*").Select(path => $"namespace {Path.GetFileName(path)}");

    // With all that they hold: a pin that a test adds to a root that stays is found, too. Only the parts of a devmap's counters and actions come
    // as ids are needed, and stay as long as the devmap.
    private static IEnumerable<string> Pins() => Entries(LabNames.Bpffs, $"*{LabNames.Prefix}*")
        .SelectMany(root => Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Prepend(root))
        .Where(path => Path.GetFileName(path) != "actions" && Path.GetFileName(Path.GetDirectoryName(path)) is not ("counts" or "actions"))
        .Select(path => $"pin {path}");

    private static IEnumerable<string> Entries(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder, pattern, new EnumerationOptions()) : [];
}
