using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Rest.Json;
using ControlPlane.Daemon.Observability;

namespace ControlPlane.Daemon.Api.Rest.Errors;

/// <summary>Renders failures as RFC 9457 problem details.</summary>
internal static class Problems
{
    /// <summary>The media type of problem details.</summary>
    public const string ContentType = "application/problem+json";

    private const string TypePrefix = "/errors/";

    /// <summary>An error of the catalogue.</summary>
    public static Problem Of(Error error, string instance, string requestId) => new()
    {
        Type = TypePrefix + error.Code.Text(),
        Title = error.Code.Title(),
        Status = error.Http(),
        Detail = error.Detail,
        Instance = instance,
        Code = error.Code.Text(),
        Errors = error.Fields.Count == 0 ? null : error.Fields,
        Errno = error.Errno,
        Remedy = RemedyResource.Of(error.Remedy),
        Resource = error.Resource,
        VerifierLog = error.VerifierLog,
        RequestId = requestId,
    };

    /// <summary>Answers with an error of the catalogue.</summary>
    public static Task AnswerAsync(HttpContext http, Error error)
    {
        if (error.RetryAfter is { } delay || (error.Code == ErrorCode.WriterBusy && Second(out delay)))
            http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(delay.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (error.Code == ErrorCode.Unauthenticated)
            http.Response.Headers.WWWAuthenticate = "Bearer realm=\"devmapd\"";
        return WriteAsync(http, Of(error, Instance(http), RequestIdentity.Of(http).RequestId));
    }

    private static Task WriteAsync(HttpContext http, Problem problem)
    {
        http.Response.StatusCode = problem.Status;
        return http.Response.WriteAsJsonAsync(problem, RestJson.Instance.Problem, ContentType, http.RequestAborted);
    }

    private static string Instance(HttpContext http) => http.Request.PathBase.Add(http.Request.Path).ToUriComponent();

    private static bool Second(out TimeSpan delay)
    {
        delay = TimeSpan.FromSeconds(1);
        return true;
    }
}
