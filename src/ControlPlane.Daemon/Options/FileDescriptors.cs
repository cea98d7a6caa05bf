using System.Globalization;

namespace ControlPlane.Daemon.Options;

/// <summary>The file descriptors that this process may have. The runtime has raised the soft limit to the hard one.</summary>
internal static class FileDescriptors
{
    private const string Limits = "/proc/self/limits";
    private const string Name = "Max open files";

    // For all but connections of callers: maps, programs, links, the store, libraries, reserved connections.
    private const int ForOtherUses = 1024;

    private const int MostByDefault = 4096;

    /// <summary>The limit of open files; null for none, or if it cannot be read.</summary>
    public static long? Limit { get; } = Read();

    /// <summary>Returns the most connections for which a limit of file descriptors has room, at least one, where no number is configured.</summary>
    public static int DefaultConnections(long? limit) => (int)Math.Clamp((limit ?? long.MaxValue) - BesideConnections(limit), 1, MostByDefault);

    /// <summary>Returns why a limit of file descriptors does not suffice for as many connections; null if it does.</summary>
    public static string? Lacking(int connections, long? limit) => connections + BesideConnections(limit) is var needed && needed > limit
        ? string.Create(CultureInfo.InvariantCulture,
            $"needs {needed} file descriptors, {BesideConnections(limit)} of them for other uses, and this process may have {limit}: raise RLIMIT_NOFILE (LimitNOFILE= in a unit, ulimit -n), or lower the limit of connections")
        : null;

    // A daemon with a small limit, as containers have, has fewer connections. An idle daemon has about 400 descriptors.
    private static long BesideConnections(long? limit) => Math.Min(ForOtherUses, (limit ?? long.MaxValue) / 2);

    private static long? Read() =>
        File.Exists(Limits)
        && File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) is { } found
        && long.TryParse(found[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : null;
}
