using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Core.Api;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Api.Rest.Reading;
using Microsoft.AspNetCore.Http.Metadata;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The body of a request, as a parameter of a handler.</summary>
/// <typeparam name="T">The type of the body, which <see cref="RestJson"/> knows.</typeparam>
/// <param name="value">The body. Members that are not valid have their default.</param>
/// <param name="place">The place of a large request; null if it needs none.</param>
internal sealed class Body<T>(T value, IDisposable? place) : IEndpointParameterMetadataProvider, IDisposable
{
    private T? _value = value;
    private IDisposable? _place = place;

    /// <summary>The body. Members that are not valid have their default.</summary>
    public T Value => _value ?? throw new InvalidOperationException("the body is no longer needed");

    /// <summary>Reads the body. Called by the framework.</summary>
    public static async ValueTask<Body<T>?> BindAsync(HttpContext http)
    {
        var type = (JsonTypeInfo<T>)RestJson.Instance.GetTypeInfo(typeof(T))!;
        var (context, limit) = (RestRequests.Of(http), http.GetEndpoint()!.Metadata.GetRequiredMetadata<Operation>().MaxRequestBytes);
        if (limit <= LargeRequestGate.Bytes || http.Request.ContentLength is <= LargeRequestGate.Bytes)
            return new Body<T>(await RequestBody.ReadAsync(http.Request, context.Violations, type, limit), null);
        // The place of a large request is its own until the answer: what was read is in use until then.
        var place = new OnlyOnce(await http.RequestServices.GetRequiredService<LargeRequestGate>().EnterAsync(context.Caller.Account, http.RequestAborted));
        http.Response.RegisterForDispose(place);
        return new Body<T>(await RequestBody.ReadAsync(http.Request, context.Violations, type, limit), place);
    }

    /// <summary>Tells the OpenAPI document of the body. Called by the framework.</summary>
    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));

    /// <summary>Gives memory and place back, for a call that waits after it has used the body.</summary>
    public void Dispose()
    {
        _value = default;
        Interlocked.Exchange(ref _place, null)?.Dispose();
    }

    /// <summary>A place that may be given back more than once.</summary>
    private sealed class OnlyOnce(IDisposable place) : IDisposable
    {
        private IDisposable? _place = place;

        public void Dispose() => Interlocked.Exchange(ref _place, null)?.Dispose();
    }
}
