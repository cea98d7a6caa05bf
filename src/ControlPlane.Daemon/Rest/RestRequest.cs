using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
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

    /// <summary>The precondition of a write.</summary>
    public Precondition Precondition() => Preconditions.Read(_http.Request.Headers, Faults);

    /// <summary>For writes without a body whose service takes no collector: the precondition, once nothing is wrong with the request.</summary>
    public static Precondition CheckWrite(HttpContext http)
    {
        var request = Of(http);
        var precondition = request.Precondition();
        request.Faults.ThrowIfAny();
        return precondition;
    }

    /// <summary>Begins to read a request.</summary>
    public static RestRequest Of(HttpContext http) => new(http);

    /// <summary>For operations whose service takes no collector: refuses the request if the face found faults.</summary>
    public static void Check(HttpContext http) => Of(http).Faults.ThrowIfAny();

    /// <summary>Reads the body.</summary>
    public ValueTask<T> ReadBodyAsync<T>(Func<JsonFields, T> read, CancellationToken cancellationToken) =>
        RequestBody.ReadAsync(_http.Request, Faults, read, cancellationToken);
}
