namespace ControlPlane.Daemon.Hosting;

/// <summary>Ends a stream whose client does not read, so that it cannot delay the end of the daemon.</summary>
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
}
