using System.Reflection;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Core.Api;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Api.Rest.Reading;
using Microsoft.AspNetCore.Http.Metadata;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>The body of a request, as a parameter of a handler.</summary>
/// <typeparam name="T">The type of the body, which <see cref="RestJson"/> knows.</typeparam>
/// <param name="Value">The body. Members that are not valid have their default.</param>
internal sealed record Body<T>(T Value) : IEndpointParameterMetadataProvider
{
    /// <summary>Reads the body. Called by the framework.</summary>
    public static async ValueTask<Body<T>?> BindAsync(HttpContext http)
    {
        var type = (JsonTypeInfo<T>)RestJson.Instance.GetTypeInfo(typeof(T))!;
        var (context, limit) = (RestRequests.Of(http), http.GetEndpoint()!.Metadata.GetRequiredMetadata<Operation>().MaxRequestBytes);
        // The place of a large request is its own until the answer: what was read is in use until then.
        if (limit > LargeRequestGate.Bytes && (http.Request.ContentLength is null or > LargeRequestGate.Bytes))
            http.Response.RegisterForDispose(await http.RequestServices.GetRequiredService<LargeRequestGate>().EnterAsync(context.Caller.Account, http.RequestAborted));
        return new Body<T>(await RequestBody.ReadAsync(http.Request, context.Violations, type, limit));
    }

    /// <summary>Tells the OpenAPI document of the body. Called by the framework.</summary>
    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));
}
