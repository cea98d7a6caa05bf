using System.Globalization;

namespace ControlPlane.Bench.Harness;

/// <summary>Nothing is waited for without end: whoever looks at a benchmark that hangs shall read what it waits for.</summary>
internal static class Deadline
{
    /// <summary>Waits so long at most.</summary>
    /// <exception cref="TimeoutException">It took longer; the message says what.</exception>
    public static async Task<T> WithinAsync<T>(this Task<T> task, TimeSpan limit, string what)
    {
        try
        {
            return await task.WaitAsync(limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"{what}: not done after {limit.TotalSeconds} s"));
        }
    }

    /// <inheritdoc cref="WithinAsync{T}"/>
    public static Task WithinAsync(this Task task, TimeSpan limit, string what) =>
        task.ContinueWith(
            static t =>
            {
                t.GetAwaiter().GetResult();
                return 0;
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).WithinAsync(limit, what);
}
