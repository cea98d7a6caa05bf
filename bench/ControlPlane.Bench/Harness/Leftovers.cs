using System.Collections.Concurrent;

namespace ControlPlane.Bench.Harness;

/// <summary>Objects that must not outlive this program, even when a benchmark is given up in its middle: processes, pins, folders.</summary>
internal static class Leftovers
{
    private static readonly ConcurrentDictionary<object, Action> _all = new();

    /// <summary>Something is there; <paramref name="remove"/> takes it away.</summary>
    public static void Add(object owner, Action remove) => _all[owner] = remove;

    /// <summary>Its owner has taken it away.</summary>
    public static void Forget(object owner) => _all.TryRemove(owner, out _);

    /// <summary>Takes away what is left, processes before their folders.</summary>
    public static void RemoveAll()
    {
        foreach (var (owner, remove) in _all.OrderBy(l => l.Key is not ServerProcess))
        {
            Console.Error.WriteLine($"left over and removed: {owner}");
            remove();
        }
    }
}
