using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api;
using ControlPlane.Daemon.Rest.Reading;

namespace ControlPlane.Daemon.Rest;

/// <summary>A request as it is read: the faults found so far, and its query.</summary>
internal readonly struct RestRequest
{
    private readonly HttpContext _http;

    private RestRequest(HttpContext http)
    {
        _http = http;
        Faults = new Violations();
        Query = new QueryReader(http, Faults);
    }

    /// <summary>The faults found so far.</summary>
    public Violations Faults { get; }

    /// <summary>The query.</summary>
    public QueryReader Query { get; }

    /// <summary>The context of a read.</summary>
    public RequestContext Read() => new(_http.Caller(), _http.TraceIdentifier, default, Faults, _http.RequestAborted);

    /// <summary>The context of a write, with its precondition.</summary>
    public RequestContext Write() => Read() with { Precondition = Preconditions.Read(_http.Request.Headers, Faults) };

    /// <summary>Begins to read a request.</summary>
    public static RestRequest Of(HttpContext http) => new(http);

    /// <summary>Reads the body.</summary>
    public ValueTask<T> ReadBodyAsync<T>(Func<JsonFields, T> read, CancellationToken cancellationToken) =>
        RequestBody.ReadAsync(_http.Request, Faults, read, cancellationToken);
}
