using System.Text.Json.Nodes;

namespace ControlPlane.FunctionalTests.Watching;

/// <summary>An event as it came.</summary>
internal sealed record Sse(string? Id, string Type, JsonObject Data);

/// <summary>Reads Server-Sent Events as a browser would.</summary>
internal sealed class SseReader : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private SseReader(HttpResponseMessage response, Stream body) => (_response, _lines) = (response, new StreamReader(body));

    public static async Task<SseReader> OpenAsync(HttpClient client, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Deadline());
        response.EnsureSuccessStatusCode();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoCache);
        return new SseReader(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event; null at the end of the stream.</summary>
    public async Task<Sse?> NextAsync()
    {
        var deadline = TestContext.Deadline();
        var fields = new Dictionary<string, string>();
        while (await _lines.ReadLineAsync(deadline) is { } line)
        {
            if (line.Length == 0)
                return new Sse(fields.GetValueOrDefault("id"), fields["event"], JsonNode.Parse(fields["data"])!.AsObject());
            var colon = line.IndexOf(": ", StringComparison.Ordinal);
            Assert.True(fields.TryAdd(line[..colon], line[(colon + 2)..]), line);
        }

        Assert.Empty(fields);
        return null;
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }
}
