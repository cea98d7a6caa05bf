using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Hosting;

/// <summary>Ends streams, so that no client can delay the end of the daemon: those whose client does not read, and those that wait for their client.</summary>
internal static class StreamEnd
{
    // Enough for a client that reads to receive the last events and the end of the stream.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Aborts the connection (HTTP/2: the stream) if the answer does not end soon after the token is cancelled.</summary>
    public static void EndSoonAfter(this HttpContext http, CancellationToken closed)
    {
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        var timer = time.CreateTimer(static http => ((HttpContext)http!).Abort(), http, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var registration = closed.Register(static timer => ((ITimer)timer!).Change(Grace, Timeout.InfiniteTimeSpan), timer);
        http.Response.RegisterForDispose(registration);
        http.Response.RegisterForDispose(timer);
    }

    /// <summary>Waits for the next piece of a stream.</summary>
    /// <param name="piece">The piece: a message of the client, or a page.</param>
    /// <param name="closed">Cancelled when all streams end.</param>
    /// <exception cref="ControlPlaneException"><see cref="ErrorCode.ShuttingDown"/>.</exception>
    public static async Task<T> UntilAsync<T>(this Task<T> piece, CancellationToken closed)
    {
        try
        {
            closed.ThrowIfCancellationRequested();
            return await piece.WaitAsync(closed);
        }
        catch (OperationCanceledException e) when (closed.IsCancellationRequested)
        {
            throw new ControlPlaneException(RequestErrors.ShuttingDown(), e);
        }
    }
}
