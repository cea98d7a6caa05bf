using ControlPlane.Core.Writing.Loop;

namespace ControlPlane.Daemon.Observability;

/// <summary>The parts that the daemon depends on, each with the problem that it has.</summary>
/// <param name="writer">Knows at once of a store that refuses a change.</param>
internal sealed class Health(DevmapWriter writer)
{
    /// <summary>Changes can be made durable.</summary>
    public const string Store = "store";

    /// <summary>The writer takes commands.</summary>
    public const string Writer = "writer";

    /// <summary>The kernel answers questions about interfaces.</summary>
    public const string Kernel = "kernel";

    /// <summary>Everything in the kernel is pinned, and outlives the daemon.</summary>
    public const string Pins = "pins";

    /// <summary>Clients can connect.</summary>
    public const string Listeners = "listeners";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string?> _problems = Parts.ToDictionary(part => part, _ => (string?)null);

    /// <summary>All parts.</summary>
    public static IReadOnlyList<string> Parts { get; } = [Store, Writer, Kernel, Pins, Listeners];

    /// <summary>Whether requests are served and changes are taken. Missing pins and sockets keep nobody from being served.</summary>
    public bool Serves => Read().All(part => part.Problem is null || part.Name is Pins or Listeners);

    /// <summary>Returns each part with its problem; null for none.</summary>
    public IReadOnlyList<(string Name, string? Problem)> Read()
    {
        lock (_lock)
            return [.. Parts.Select(part => (part, part == Store ? writer.StoreProblem : _problems[part]))];
    }

    /// <summary>Sets the problem of a part; null for none.</summary>
    /// <returns>Whether the part got a problem that it did not have, or lost the one it had.</returns>
    public bool Set(string part, string? problem)
    {
        lock (_lock)
        {
            var changed = (_problems[part] is null) != (problem is null);
            _problems[part] = problem;
            return changed;
        }
    }
}
