using System.Reflection;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using ControlPlane.Core.Api;
using ControlPlane.Core.Explaining;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Api.Rest.Reading;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace ControlPlane.Daemon.Api.Rest;

/// <summary>200 with a value, and with an entity tag if the value has a revision.</summary>
/// <param name="value">The value.</param>
/// <param name="revision">The revision; null for none.</param>
internal sealed class Answer<T>(T value, long? revision = null) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => builder.Metadata.Add(Answers.Produces<T>(StatusCodes.Status200OK));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Tag(revision);
        return TypedResults.Json(value, Answers.TypeOf<T>()).ExecuteAsync(httpContext);
    }
}

/// <summary>201 with Location if the resource is new, else 200; with the resource and its entity tag.</summary>
/// <param name="outcome">The outcome of the write.</param>
/// <param name="revision">The revision of the resource.</param>
/// <param name="path">The segments of the resource's path below <c>/v1</c>.</param>
internal sealed class PutAnswer<T>(PutOutcome<T> outcome, long revision, params string[] path) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(Answers.Produces<T>(StatusCodes.Status201Created));
        builder.Metadata.Add(Answers.Produces<T>(StatusCodes.Status200OK));
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Tag(revision);
        if (outcome.Created)
            httpContext.Locate(path);
        var status = outcome.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return TypedResults.Json(outcome.View, Answers.TypeOf<T>(), statusCode: status).ExecuteAsync(httpContext);
    }
}

/// <summary>The answer to the PUT of an entry: as that of any resource; or 202 with the reasons, if the call has waited until its time was over.</summary>
/// <param name="outcome">The outcome of the write and of the wait.</param>
internal sealed class EntryPutAnswer(PutOutcome<Entry> outcome) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        PutAnswer<Entry>.PopulateMetadata(method, builder);
        builder.Metadata.Add(Answers.Produces<PutWithoutState>(StatusCodes.Status202Accepted));
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var entry = outcome.View;
        string[] path = ["devmaps", entry.Devmap, "entries", entry.Key];
        if (outcome.Wait is not { IsSatisfied: false } wait)
            return new PutAnswer<Entry>(outcome, entry.Revision!.Value, path).ExecuteAsync(httpContext);
        httpContext.Tag(entry.Revision);
        if (outcome.Created)
            httpContext.Locate(path);
        var answer = new PutWithoutState(entry, outcome.Created, WaitSatisfied: false, wait.Unsatisfied);
        return TypedResults.Json(answer, Answers.TypeOf<PutWithoutState>(), statusCode: StatusCodes.Status202Accepted).ExecuteAsync(httpContext);
    }
}

/// <summary>200 with a value; or 202, if the call has waited until its time was over.</summary>
/// <param name="value">The value, which says what the wait has found.</param>
/// <param name="isSatisfied">Whether the wait is satisfied, or there was none.</param>
internal sealed class WaitAnswer<T>(T value, bool isSatisfied) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(Answers.Produces<T>(StatusCodes.Status200OK));
        builder.Metadata.Add(Answers.Produces<T>(StatusCodes.Status202Accepted));
    }

    public Task ExecuteAsync(HttpContext httpContext) => TypedResults.Json(
        value, Answers.TypeOf<T>(), statusCode: isSatisfied ? StatusCodes.Status200OK : StatusCodes.Status202Accepted).ExecuteAsync(httpContext);
}

/// <summary>201 with Location; with the new resource, its entity tag, and what is shown this once: no cache may keep it.</summary>
/// <param name="value">The answer.</param>
/// <param name="revision">The revision of the resource.</param>
/// <param name="path">The segments of the resource's path below <c>/v1</c>.</param>
internal sealed class CreateAnswer<T>(T value, long revision, params string[] path) : IResult, IEndpointMetadataProvider
{
    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) => builder.Metadata.Add(Answers.Produces<T>(StatusCodes.Status201Created));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Tag(revision);
        httpContext.Response.Headers.CacheControl = "no-store";
        httpContext.Locate(path);
        return TypedResults.Json(value, Answers.TypeOf<T>(), statusCode: StatusCodes.Status201Created).ExecuteAsync(httpContext);
    }
}

/// <summary>200 with an explanation, as JSON or as a page for people.</summary>
internal sealed class ExplanationAnswer(Explanation explanation) : IResult, IEndpointMetadataProvider
{
    /// <summary>The media type of the page for people.</summary>
    public const string PlainText = "text/plain";

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(Answers.Produces<Explanation>(StatusCodes.Status200OK));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        return PrefersText(httpContext)
            ? TypedResults.Text(ExplanationText.Render(explanation, CallText.RestLine), PlainText, Encoding.UTF8).ExecuteAsync(httpContext)
            : new Answer<Explanation>(explanation).ExecuteAsync(httpContext);
    }

    private static bool PrefersText(HttpContext http)
    {
        var accepted = http.Request.GetTypedHeaders().Accept;
        return Quality(PlainText) is { } text && (Quality("application/json") is not { } json || text > json);

        double? Quality(string type) => accepted.FirstOrDefault(a => a.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)) is { } found
            ? found.Quality ?? 1
            : null;
    }
}

/// <summary>The parts that answers share.</summary>
internal static class Answers
{
    public static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)RestJson.Instance.GetTypeInfo(typeof(T))!;

    public static ProducesResponseTypeMetadata Produces<T>(int status) => new(status, typeof(T), ["application/json"]);

    public static void Tag(this HttpContext http, long? revision)
    {
        if (revision is { } known)
            http.Response.Headers.ETag = Preconditions.EntityTag(known);
    }

    public static void Locate(this HttpContext http, IEnumerable<string> path) =>
        http.Response.Headers.Location = $"/v1/{string.Join('/', path.Select(Uri.EscapeDataString))}";
}
