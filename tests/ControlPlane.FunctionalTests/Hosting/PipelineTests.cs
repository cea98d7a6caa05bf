using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>The form of every answer of the daemon, whichever endpoint gives it.</summary>
public sealed class PipelineTests(InMemoryDaemon daemon) : IClassFixture<InMemoryDaemon>
{
    [Theory]
    [InlineData("/v1/host", HttpStatusCode.OK)]
    [InlineData("/v1/devmaps/none", HttpStatusCode.NotFound)]
    [InlineData("/nowhere", HttpStatusCode.NotFound)]
    [InlineData("/readyz", HttpStatusCode.OK)]
    [InlineData("/metrics", HttpStatusCode.OK)]
    [InlineData("/openapi/v1.json", HttpStatusCode.OK)]
    [InlineData("/swagger/index.html", HttpStatusCode.OK)]
    public async Task Answer_HasARequestIdOfItsOwnAndSafeHeaders(string path, HttpStatusCode status)
    {
        using var client = daemon.CreateClient();
        using var first = await client.GetAsync(path);
        using var second = await client.GetAsync(path);
        Assert.Equal(status, first.StatusCode);
        Assert.NotEqual(first.Headers.GetValues("X-Request-Id").Single(), second.Headers.GetValues("X-Request-Id").Single());
        Assert.Equal("nosniff", first.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("default-src 'self'", first.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.False(first.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("0af.-_Z", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("a;b", false)]
    [InlineData("größe", false)]
    [InlineData("64", true)]
    [InlineData("65", false)]
    public async Task RequestId_OfTheCaller_IsKeptIfValid(string id, bool kept)
    {
        if (int.TryParse(id, out var length))
            id = new string('x', length);
        using var client = daemon.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/devmaps/none");
        request.Headers.TryAddWithoutValidation("X-Request-Id", id);

        using var response = await client.SendAsync(request);

        var answered = response.Headers.GetValues("X-Request-Id").Single();
        Assert.Equal(kept, answered == id);
        Assert.Equal(answered, (await response.Content.ReadFromJsonAsync<JsonNode>())!["requestId"]!.GetValue<string>());
    }

    [Fact]
    public async Task RequestId_GivenTwice_IsReplaced()
    {
        using var client = daemon.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
        request.Headers.Add("X-Request-Id", ["one", "two"]);
        using var response = await client.SendAsync(request);
        Assert.DoesNotContain(response.Headers.GetValues("X-Request-Id").Single(), new[] { "one", "two", "one, two" });
    }

    [Theory]
    [InlineData("/v1/host")]
    [InlineData("/v1/devmaps/none")]
    [InlineData("/nowhere")]
    [InlineData("/readyz")]
    [InlineData("/openapi/v1.json")]
    public async Task Json_EndsWithANewline(string path)
    {
        using var client = daemon.CreateClient();
        var text = await (await client.GetAsync(path)).Content.ReadAsStringAsync();
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        Assert.Equal(text.TrimEnd() + "\n", text);
    }

    [Theory]
    [InlineData("/v1/host")]
    [InlineData("/v1/devmaps/none")]
    [InlineData("/openapi/v1.json")]
    public async Task Json_IsCompressedForAClientThatAcceptsIt(string path)
    {
        using var client = daemon.CreateClient();
        using var plain = await client.GetAsync(path);
        Assert.Empty(plain.Content.Headers.ContentEncoding);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept-Encoding", "gzip");
        request.Headers.Add("X-Request-Id", plain.Headers.GetValues("X-Request-Id"));
        using var response = await client.SendAsync(request);
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var gzip = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        Assert.Equal(await plain.Content.ReadAsStringAsync(), await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task Root_LeadsToSwagger()
    {
        using var client = daemon.CreateClient();
        using var response = await client.GetAsync("/");
        Assert.Equal("/swagger/index.html", response.RequestMessage!.RequestUri!.AbsolutePath);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/openapi/v1.json", true)]
    [InlineData("/swagger/index.html", true)]
    [InlineData("/swagger/swagger-ui.css", true)]
    [InlineData("/v1/devmaps/default/entries/lo", false)]
    [InlineData("/v1/programs/meter", false)]
    [InlineData("/v1/devmaps/default/attachments/sim1", false)]
    public async Task Get_WithItsEntityTag_Gives304ForDocumentsAndNeverForResources(string path, bool document)
    {
        using var client = daemon.CreateClient();
        if (!document)
            await PutAsync(client, path);
        using var first = await client.GetAsync(path);
        var tag = Assert.Single(first.Headers.GetValues("ETag"));

        foreach (var known in new[] { tag, $"\"other\", {tag}", "*" }.Take(document && path.StartsWith("/openapi", StringComparison.Ordinal) ? 3 : 1))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("If-None-Match", known);
            using var again = await client.SendAsync(request);
            Assert.Equal(document ? HttpStatusCode.NotModified : HttpStatusCode.OK, again.StatusCode);
            Assert.Equal(document, (await again.Content.ReadAsByteArrayAsync()).Length == 0);
            if (!path.StartsWith("/swagger", StringComparison.Ordinal))
                Assert.Equal(tag, Assert.Single(again.Headers.GetValues("ETag")));
        }

        using var stale = new HttpRequestMessage(HttpMethod.Get, path);
        stale.Headers.TryAddWithoutValidation("If-None-Match", "\"other\"");
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(stale)).StatusCode);
    }

    [Fact]
    public async Task Host_OfASimulation_SaysSo()
    {
        using var client = daemon.CreateClient();
        Assert.True((await client.GetFromJsonAsync<JsonNode>("/v1/host"))!["simulated"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Change_FromAPageOfAnotherOrigin_IsRefused()
    {
        using var client = daemon.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/devmaps/default/entries/sim2") { Content = JsonContent.Create(new { @interface = "lo" }) };
        request.Headers.Add("Origin", "http://evil.example");
        using var refused = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/v1/devmaps/default/entries/sim2")).StatusCode);
    }

    private static async Task PutAsync(HttpClient client, string path)
    {
        object body = path.Contains("programs", StringComparison.Ordinal) ? new { template = "count" }
            : path.Contains("attachments", StringComparison.Ordinal) ? new { mode = "generic" }
            : new { @interface = "lo" };
        using var response = await client.PutAsJsonAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
