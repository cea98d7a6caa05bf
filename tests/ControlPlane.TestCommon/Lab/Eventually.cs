using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ControlPlane.TestCommon.Lab;

/// <summary>Waits for what must become true.</summary>
public static class Eventually
{
    private static readonly TimeSpan Usual = Patience.OfSeconds(15);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Returns when the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold within the deadline (15 s by default).</exception>
    public static Task Async(
        Func<bool> condition, TimeSpan? deadline = null, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Async(() => Task.FromResult(condition()), deadline, what);

    /// <inheritdoc cref="Async(Func{bool}, TimeSpan?, string)"/>
    public static async Task Async(
        Func<Task<bool>> condition, TimeSpan? deadline = null, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var limit = deadline ?? Usual;
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > limit)
                throw new TimeoutException($"not so after {limit}: {what}");
            await Task.Delay(Interval);
        }
    }
}
