namespace ControlPlane.Daemon.Hosting;

/// <summary>Sees to it that a stream whose client does not read cannot delay the daemon's end.</summary>
internal static class StreamEnd
{
    // Enough for a client that reads to get the last events and how the stream ended.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>Breaks the connection (HTTP/2: the stream) if the answer is not over soon after the token is cancelled.</summary>
    public static void EndSoonAfter(this HttpContext http, CancellationToken closed)
    {
        var time = http.RequestServices.GetRequiredService<TimeProvider>();
        var timer = time.CreateTimer(static http => ((HttpContext)http!).Abort(), http, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var registration = closed.Register(static timer => ((ITimer)timer!).Change(Grace, Timeout.InfiniteTimeSpan), timer);
        http.Response.RegisterForDispose(registration);
        http.Response.RegisterForDispose(timer);
    }
}
