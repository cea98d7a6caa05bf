using System.Net;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Observability;
using ControlPlane.Daemon.Rest.Errors;

namespace ControlPlane.Daemon.Hosting;

/// <summary>
/// Keeps web pages of others out. Loopback alone does not: a browser on this host reaches it, too. So a request over TCP
/// must name loopback in its <c>Host</c> (a page that had its own name resolved to 127.0.0.1 does not), and a
/// request that could change something must not come from a page of another origin. A unix socket no page can reach.
/// </summary>
internal static partial class LocalOnly
{
    // The pages are Swagger UI's: scripts and styles of its own, styles also set from scripts, and nothing from elsewhere.
    private const string ContentSecurityPolicy =
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Adds the checks and the headers that tell a browser how little these pages need.</summary>
    public static void UseLocalOnly(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(LocalOnly).FullName!);
        app.Use(next => context =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
            return Objection(context) is { } objection ? RefuseAsync(context, objection, logger) : next(context);
        });
    }

    /// <summary>Why the request is refused; null when it may pass.</summary>
    private static string? Objection(HttpContext context)
    {
        var request = context.Request;
        var overUnixSocket = context.Connection.RemoteIpAddress is null;
        if (!overUnixSocket && !IsLoopback(request.Host.Host))
            return $"The host '{request.Host.Host}' is not a name of this daemon; it answers to localhost, 127.0.0.1 and [::1].";
        if (!IsSafe(request.Method) && request.Headers.Origin is [{ } origin] && origin != $"{request.Scheme}://{request.Host}")
            return $"A page of '{origin}' may not change anything here.";
        return null;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.AsSpan().Trim("[]"), out var address) && IPAddress.IsLoopback(address));

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);

    private static Task RefuseAsync(HttpContext context, string detail, ILogger logger)
    {
        Refused(logger, detail);
        return Problems.AnswerAsync(context, new Error(ErrorCode.PermissionDenied, detail));
    }

    [LoggerMessage(EventIds.RequestFromElsewhere, LogLevel.Debug, "Refused: {Detail}")]
    private static partial void Refused(ILogger logger, string detail);
}
