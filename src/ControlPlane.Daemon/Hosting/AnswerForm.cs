using System.Security.Cryptography;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Net.Http.Headers;

namespace ControlPlane.Daemon.Hosting;

/// <summary>The form of answers, whatever endpoint gives them: gzip, a newline at the end, entity tags of documents.</summary>
internal static class AnswerForm
{
    private const string Documents = "/openapi";
    private static readonly byte[] Newline = "\n"u8.ToArray();

    /// <summary>Adds gzip for JSON and text. Event streams and gRPC are sent as they are.</summary>
    public static IServiceCollection AddAnswerForm(this IServiceCollection services) => services.AddResponseCompression(options =>
    {
        options.Providers.Add<GzipCompressionProvider>();
        options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "application/problem+json"];
    });

    /// <summary>Gives every answer that follows in the pipeline its form.</summary>
    public static void UseAnswerForm(this WebApplication app)
    {
        app.UseResponseCompression();
        app.Use(EndWithNewlineAsync);
        app.UseWhen(http => http.Request.Path.StartsWithSegments(Documents, StringComparison.Ordinal), branch => branch.Use(TagAsync));
    }

    /// <summary>Ends JSON with a newline, so that a terminal shows its prompt on a line of its own.</summary>
    private static async Task EndWithNewlineAsync(HttpContext http, RequestDelegate next)
    {
        await next(http);
        if (http.Response.HasStarted && http.Response.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
            return;
        var response = http.Response;
        if (response is { ContentLength: null, StatusCode: not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified) }
            && !HttpMethods.IsHead(http.Request.Method)
            && MediaTypeHeaderValue.TryParse(response.ContentType, out var type)
            && (type.SubType == "json" || type.Suffix == "json"))
            await response.Body.WriteAsync(Newline, http.RequestAborted);
    }

    /// <summary>
    /// Tags a document by its content and answers 304 to a client that has it. Resources are never answered so: their status changes
    /// without their entity tag, which is the revision of what is desired.
    /// </summary>
    private static async Task TagAsync(HttpContext http, RequestDelegate next)
    {
        var (response, body) = (http.Response, http.Response.Body);
        using var document = new MemoryStream();
        response.Body = document;
        try
        {
            await next(http);
        }
        finally
        {
            response.Body = body;
        }

        if (response.StatusCode == StatusCodes.Status200OK)
        {
            // Weak: the bytes differ with the encoding.
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(document.ToArray()).AsSpan(0, 8))}\"", isWeak: true);
            response.Headers.ETag = tag.ToString();
            response.Headers.CacheControl = "no-cache";
            if (http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false)))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                response.ContentType = null;
                return;
            }
        }

        document.Position = 0;
        await document.CopyToAsync(body, http.RequestAborted);
    }
}
