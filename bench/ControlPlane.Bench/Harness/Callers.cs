using ControlPlane.Client;

namespace ControlPlane.Bench.Harness;

/// <summary>Concurrent callers.</summary>
internal static class Callers
{
    /// <summary>How many there are, from table to table.</summary>
    public static readonly int[] Counts = [1, 64, 256];

    /// <summary>The options of clients: no deadlines, whose timers would be measured as well.</summary>
    public static readonly DevmapdClientOptions ClientOptions = new() { Deadline = null };

    /// <summary>Calls for 0 .. count - 1, each caller one after the other.</summary>
    public static Task RunAsync(int callers, int count, Func<int, Task> call)
    {
        return Task.WhenAll(Enumerable.Range(0, callers).Select(first => Task.Run(async () =>
        {
            for (var i = first; i < count; i += callers)
                await call(i);
        })));
    }
}
