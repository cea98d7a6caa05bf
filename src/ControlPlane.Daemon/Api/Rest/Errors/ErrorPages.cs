using System.Net;
using System.Text;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ControlPlane.Daemon.Api.Rest.Errors;

/// <summary>A page for each error code, made from the catalogue and the table of operations: what the <c>type</c> of a problem leads to.</summary>
internal static class ErrorPages
{
    private const string Page =
        """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>{0}</title></head>
        <body>
        <h1>{0}</h1>
        {1}</body>
        </html>

        """;

    private static readonly CompositeFormat Format = CompositeFormat.Parse(Page);

    /// <summary>Maps <c>/errors</c>, the list, and <c>/errors/{code}</c>, the pages.</summary>
    public static void MapErrorPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/errors", () => Html("Errors of devmapd", List())).ExcludeFromDescription().AllowAnonymous();
        foreach (var code in Enum.GetValues<ErrorCode>())
            routes.MapGet($"/errors/{code.Text()}", () => Html(code.Text(), Describe(code))).ExcludeFromDescription().AllowAnonymous();
    }

    private static ContentHttpResult Html(string title, string content) =>
        TypedResults.Content(string.Format(null, Format, title, content), "text/html", Encoding.UTF8);

    private static string List()
    {
        var items = Enum.GetValues<ErrorCode>()
            .Select(code => $"<li><a href=\"/errors/{code.Text()}\">{code.Text()}</a>: {WebUtility.HtmlEncode(code.Title())}</li>\n");
        return $"<ul>\n{string.Concat(items)}</ul>\n";
    }

    private static string Describe(ErrorCode code)
    {
        var operations = Operations.All.Where(o => o.Errors.Contains(code)).Select(o => $"<li>{o.Id}: {WebUtility.HtmlEncode(o.Rest)}</li>\n").ToList();
        var given = operations.Count == 0 ? "<p>Any request can give it.</p>\n" : $"<p>These operations can give it:</p>\n<ul>\n{string.Concat(operations)}</ul>\n";
        return $"<p>{WebUtility.HtmlEncode(code.Title())}</p>\n<p>HTTP status {code.Http()}.</p>\n{given}<p><a href=\"/errors\">All errors</a></p>\n";
    }
}
