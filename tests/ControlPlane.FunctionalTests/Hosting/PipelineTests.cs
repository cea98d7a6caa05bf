using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>What every answer of the daemon has, whichever endpoint gives it.</summary>
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
    public async Task Answer_HasItsOwnOperationIdAndSafeHeaders(string path, HttpStatusCode status)
    {
        using var client = daemon.CreateClient();
        using var first = await client.GetAsync(path);
        using var second = await client.GetAsync(path);
        Assert.Equal(status, first.StatusCode);
        Assert.NotEqual(first.Headers.GetValues("X-Operation-Id").Single(), second.Headers.GetValues("X-Operation-Id").Single());
        Assert.Equal("nosniff", first.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Contains("default-src 'self'", first.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.False(first.Headers.Contains("Server"));
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
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/devmaps/default/entries/lo") { Content = JsonContent.Create(new { @interface = "lo" }) };
        request.Headers.Add("Origin", "http://evil.example");
        using var refused = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/v1/devmaps/default/entries/lo")).StatusCode);
    }
}
