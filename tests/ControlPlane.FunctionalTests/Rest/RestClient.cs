using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace ControlPlane.FunctionalTests.Rest;

/// <summary>Requests as they are, wrong ones included.</summary>
internal static class RestClient
{
    public const string Entry = "/v1/devmaps/default/entries/veth-a";

    private static readonly UriCreationOptions AsItStands = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Sends a body as it stands.</summary>
    public static Task<RestAnswer> PutAsync(this HttpClient client, string path, string body, string? contentType = "application/json") =>
        client.PutAsync(path, Encoding.UTF8.GetBytes(body), contentType);

    /// <summary>Sends bytes as they stand.</summary>
    public static async Task<RestAnswer> PutAsync(this HttpClient client, string path, byte[]? body, string? contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            if (contentType is not null)
                request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return await client.AskAsync(request);
    }

    public static async Task<RestAnswer> AskAsync(this HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        return await client.AskAsync(request);
    }

    public static async Task<RestAnswer> AskAsync(this HttpClient client, HttpRequestMessage request)
    {
        // Verbatim: Uri would repair what these tests get wrong on purpose.
        if (request.RequestUri is { IsAbsoluteUri: false } path)
            request.RequestUri = new Uri(client.BaseAddress!.GetLeftPart(UriPartial.Authority) + path.OriginalString, AsItStands);
        using var response = await client.SendAsync(request, TestContext.Deadline());
        var text = await response.Content.ReadAsStringAsync();
        return new RestAnswer(
            response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            text.Length > 0 ? JsonNode.Parse(text)!.AsObject() : [],
            response.Headers.Concat(response.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value)));
    }
}

internal sealed record RestAnswer(HttpStatusCode Status, string? MediaType, JsonObject Body, IReadOnlyDictionary<string, string> Headers)
{
    public string? Code => Body["code"]?.GetValue<string>();

    public IEnumerable<string> Fields => (Body["errors"]?.AsArray() ?? []).Select(e => e!["field"]!.GetValue<string>());

    public string Message(string field) => Body["errors"]!.AsArray().First(e => e!["field"]!.GetValue<string>() == field)!["message"]!.GetValue<string>();
}
