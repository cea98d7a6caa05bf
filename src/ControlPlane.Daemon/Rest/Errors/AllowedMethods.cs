using Microsoft.AspNetCore.Routing.Template;

namespace ControlPlane.Daemon.Rest.Errors;

/// <summary>The methods a path takes, for the <c>Allow</c> of a 405.</summary>
internal static class AllowedMethods
{
    /// <summary>
    /// Sets <c>Allow</c> anew: routing names the methods of every pattern with as many segments, and thus those of
    /// <c>{devmap}:audit</c> for any devmap.
    /// </summary>
    public static void Correct(HttpContext http)
    {
        var endpoints = http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        var methods = endpoints
            .Where(e => new TemplateMatcher(new RouteTemplate(e.RoutePattern), []).TryMatch(http.Request.Path, []))
            .SelectMany(e => e.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []);
        http.Response.Headers.Allow = string.Join(", ", methods.Distinct());
    }
}
