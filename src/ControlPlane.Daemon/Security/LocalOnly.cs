using System.Net;
using ControlPlane.Core.Errors;

namespace ControlPlane.Daemon.Security;

/// <summary>
/// Keeps web pages of other origins out. A browser on this host also reaches loopback. Therefore a request over TCP must name loopback
/// in its <c>Host</c>; a page whose own name was made to resolve to 127.0.0.1 does not. And a request that can change something must
/// not come from a page of another origin. No page can reach a unix socket.
/// </summary>
internal static class LocalOnly
{
    // The pages are those of Swagger UI: its own scripts and styles, styles also set by scripts, and nothing from elsewhere.
    private const string ContentSecurityPolicy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Adds the checks, and the headers that tell a browser how little these pages need.</summary>
    public static void UseLocalOnly(this WebApplication app) => app.Use(next => context =>
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        return Objection(context) is { } objection ? throw new ControlPlaneException(objection) : next(context);
    });

    /// <summary>The reason to refuse the request; null if there is none.</summary>
    private static Error? Objection(HttpContext context)
    {
        var request = context.Request;
        var overUnixSocket = context.Connection.RemoteIpAddress is null;
        // With TLS the certificate says who the daemon is: a page whose name was made to resolve here has none.
        if (!overUnixSocket && !request.IsHttps && !IsLoopback(request.Host.Host))
            return RequestErrors.ForeignHost(request.Host.Host);
        return IsSafe(request.Method) ? null : ForeignPage(request);
    }

    /// <summary>The reason why a request that can change something comes from a page of another origin. Every value of a header counts.</summary>
    private static Error? ForeignPage(HttpRequest request)
    {
        var own = $"{request.Scheme}://{request.Host}";
        if (request.Headers.Origin.FirstOrDefault(origin => origin != own) is { } other)
            return RequestErrors.ForeignOrigin(other);
        // Browsers send this header even where they send no Origin. "none" is a request that the user made, not a page.
        return request.Headers["Sec-Fetch-Site"].FirstOrDefault(site => site is not ("same-origin" or "none")) is { } site
            ? RequestErrors.ForeignSite(site)
            : null;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.AsSpan().Trim("[]"), out var address) && IPAddress.IsLoopback(address));

    /// <summary>Returns whether requests of the method change nothing.</summary>
    public static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}
