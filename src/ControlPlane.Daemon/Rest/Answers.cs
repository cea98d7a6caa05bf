using System.Text.Json.Serialization.Metadata;
using ControlPlane.Core.Api;
using ControlPlane.Daemon.Rest.Reading;

namespace ControlPlane.Daemon.Rest;

/// <summary>Answers that went well.</summary>
internal static class Answers
{
    /// <summary>200 with a resource.</summary>
    public static IResult Ok<T>(T resource, JsonTypeInfo<T> type) => TypedResults.Json(resource, type);

    /// <summary>200 with a resource that has a revision, and that as its entity tag.</summary>
    public static IResult Ok<T>(HttpContext http, T resource, JsonTypeInfo<T> type, long revision)
    {
        http.Response.Headers.ETag = Preconditions.EntityTag(revision);
        return TypedResults.Json(resource, type);
    }

    /// <summary>Whether the caller would rather have a page for people than JSON: what it does not say, it does not want.</summary>
    public static bool PrefersText(HttpContext http)
    {
        var accepted = http.Request.GetTypedHeaders().Accept;
        return Quality("text/plain") is { } text && (Quality("application/json") is not { } json || text > json);

        double? Quality(string type) => accepted.FirstOrDefault(a => a.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)) is { } found
            ? found.Quality ?? 1
            : null;
    }

    /// <summary>201 with Location when the resource is new, 200 when it was there.</summary>
    public static IResult Put<TView, T>(HttpContext http, PutOutcome<TView> outcome, Func<TView, T> render, JsonTypeInfo<T> type, long revision, params ReadOnlySpan<string> path)
    {
        http.Response.Headers.ETag = Preconditions.EntityTag(revision);
        if (!outcome.Created)
            return TypedResults.Json(render(outcome.View), type);
        var location = "/v1";
        foreach (var segment in path)
            location += "/" + Uri.EscapeDataString(segment);
        http.Response.Headers.Location = location;
        return TypedResults.Json(render(outcome.View), type, statusCode: StatusCodes.Status201Created);
    }
}
