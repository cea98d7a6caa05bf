using Microsoft.AspNetCore.Routing.Template;

namespace ControlPlane.Daemon.Api.Rest.Errors;

/// <summary>The methods that a path takes, for a 405 and its <c>Allow</c>.</summary>
internal static class AllowedMethods
{
    /// <summary>
    /// Returns the methods; none if there is nothing at the path. Routing cannot say: for a path such as <c>{devmap}:audit</c> it names
    /// the methods of every pattern with as many segments, or finds no pattern at all.
    /// </summary>
    public static IReadOnlyCollection<string> Of(HttpContext http)
    {
        var endpoints = http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        return
        [
            .. endpoints
                .Where(e => new TemplateMatcher(new RouteTemplate(e.RoutePattern), []).TryMatch(http.Request.Path, []))
                .SelectMany(e => e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
                .Distinct(),
        ];
    }
}
