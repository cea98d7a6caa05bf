using System.Net;

namespace ControlPlane.FunctionalTests.Rest;

/// <summary>The parts of explanations that only REST has: paths with a verb, and the page.</summary>
public sealed class ExplainTests : RestTest
{
    [Theory]
    [InlineData("if:7:explain", "if:7")]
    [InlineData("if%3A7:explain", "if:7")]
    [InlineData("if%3A7%3Aexplain", "if:7")]
    [InlineData("5:explain?length=100", "if:7")]
    [InlineData("z%C3%BCrich0:explain", "zürich0")]
    [InlineData("eth0%2E100:explain", "eth0.100")]
    public async Task Key_BeforeTheVerb_IsTheKey(string sent, string key)
    {
        foreach (var entry in (string[])["if:7", "zürich0", "eth0.100"])
            Assert.Equal(HttpStatusCode.Created, (await Client.PutAsync($"/v1/devmaps/default/entries/{Uri.EscapeDataString(entry)}", """{"interface":"veth-b"}""")).Status);

        var answer = await Client.AskAsync("GET", $"/v1/devmaps/default/entries/{sent}");

        Assert.Equal((HttpStatusCode.OK, key), (answer.Status, answer.Body["key"]?.GetValue<string>()));
    }

    [Theory]
    [InlineData("veth%252Fa:explain", "veth%2Fa")]
    [InlineData("a%2Fb:explain", "a/b")]
    public async Task Devmap_BeforeTheVerb_IsDecodedOnceAndOnlyOnce(string sent, string name)
    {
        var answer = await Client.AskAsync("GET", $"/v1/devmaps/{sent}");
        Assert.Equal("devmap_not_found", answer.Code);
        Assert.Contains($"'{name}'", answer.Body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeyThatEndsLikeTheVerb_CanBePutNowhere()
    {
        var answer = await Client.PutAsync("/v1/devmaps/default/entries/veth-a:explain", """{"interface":"veth-b"}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["key"], answer.Fields);
    }

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("text/html, */*", "application/json")]
    [InlineData("application/json, text/plain", "application/json")]
    [InlineData("text/plain", "text/plain")]
    [InlineData("text/plain, */*;q=0.1", "text/plain")]
    [InlineData("application/json;q=0.5, text/plain", "text/plain")]
    public async Task Accept_SaysInWhichForm(string? accept, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/devmaps/vlans:explain?vlan=7");
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Client.SendAsync(request, TestContext.Deadline());

        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["Accept"], response.Headers.Vary);
        var text = await response.Content.ReadAsStringAsync();
        if (type == "text/plain")
            Assert.EndsWith("on any interface, so no frame finds an entry.\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NumbersThatAreNone_AreToldWithTheRest()
    {
        var answer = await Client.AskAsync("GET", "/v1/devmaps/vlans:explain?vlan=x&length=1e3&dst=here&port=7");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["dst", "length", "port", "vlan"], answer.Fields.Order());
    }
}
