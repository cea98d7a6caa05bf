using ControlPlane.Core.Fairness;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Lets callers take turns in beginning requests, and the connections of one caller: more of who it is, a token for instance, is not known yet.
/// A caller with thousands of requests at a time would fill the queue of the thread pool, in which everybody else waits; here they wait beside it,
/// and health passes by.
/// </summary>
internal sealed class RequestGate() : CallerGate(2 * Environment.ProcessorCount)
{
    /// <summary>Begins a request in its turn. The turn ends where the request first waits: for its body, the writer, or a reader.</summary>
    public Task RunAsync(ConnectionPlace connection, HttpContext http, RequestDelegate next)
    {
        var entered = EnterAsync(connection.Account, http.RequestAborted, connection);
        return entered.IsCompletedSuccessfully ? Begin(entered.Result, http, next) : WaitAsync(entered, http, next);
    }

    private static async Task WaitAsync(ValueTask<Place> entered, HttpContext http, RequestDelegate next) => await Begin(await entered, http, next);

    private static Task Begin(Place place, HttpContext http, RequestDelegate next)
    {
        using (place)
            return next(http);
    }
}
