using System.Net;

namespace ControlPlane.FunctionalTests.Rest;

public sealed class PathAndQueryTests : RestTest
{
    [Theory]
    [InlineData("eth0.100", "eth0.100")]
    [InlineData("eth0%2E100", "eth0.100")]
    [InlineData("if:7", "if:7")]
    [InlineData("if%3A7", "if:7")]
    [InlineData("z%C3%BCrich0", "zürich0")]
    public async Task Key_InAnyEncoding_IsTheSameKey(string sent, string key)
    {
        var put = await Client.PutAsync($"/v1/devmaps/default/entries/{sent}", """{"interface":"veth-b"}""");
        Assert.Equal(HttpStatusCode.Created, put.Status);
        Assert.Equal(key, put.Body["key"]!.GetValue<string>());
        var location = put.Headers["Location"];
        Assert.Equal($"/v1/devmaps/default/entries/{Uri.EscapeDataString(key)}", location);
        Assert.Equal(key, (await Client.AskAsync("GET", location)).Body["key"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NoContent, (await Client.AskAsync("DELETE", location)).Status);
    }

    [Theory]
    [InlineData("veth%2Fa", "veth/a")]
    [InlineData("veth%252Fa", "veth%2Fa")]
    public async Task Path_EncodedSlash_IsDecodedOnceAndOnlyOnce(string sent, string name)
    {
        var answer = await Client.AskAsync("GET", $"/v1/programs/{sent}");
        Assert.Equal("program_not_found", answer.Code);
        Assert.Contains($"'{name}'", answer.Body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Path_NotUtf8_NamesTheParameter()
    {
        var answer = await Client.AskAsync("GET", "/v1/devmaps/default/entries/%FF");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["key"], answer.Fields);
    }

    [Theory]
    [InlineData("/v1/devmaps/default/entries?pageSize=ten&limit=3", "pageSize", "limit")]
    [InlineData("/v1/devmaps/default/entries?pageSize=1&pageSize=2", "pageSize")]
    [InlineData("/v1/devmaps/default/entries?PageSize=1", "PageSize")]
    [InlineData("/v1/devmaps/default/entries?pageSize=99999999999", "pageSize")]
    [InlineData("/v1/devmaps/default/entries?state=forwarding&label=x&pageToken=%00", "state", "label", "pageToken")]
    [InlineData("/v1/devmaps/default/entries?interface=%FF", "interface")]
    [InlineData("/v1/devmaps/default/entries?interface=a%2", "interface")]
    [InlineData("/v1/devmaps?x=1&y=2", "x", "y")]
    [InlineData("/v1/host?x", "x")]
    public async Task Query_Faulty_NamesTheParameters(string path, params string[] fields)
    {
        var answer = await Client.AskAsync("GET", path);
        Assert.Equal("invalid_argument", answer.Code);
        Assert.Equal(fields.Order(), answer.Fields.Order());
    }

    [Fact]
    public async Task Delete_WithQuery_ChangesNothing()
    {
        await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b"}""");
        Assert.Equal(["really"], (await Client.AskAsync("DELETE", RestClient.Entry + "?really=true")).Fields);
        Assert.Equal(HttpStatusCode.OK, (await Client.AskAsync("GET", RestClient.Entry)).Status);
    }

    [Fact]
    public async Task List_RepeatedLabels_MustAllBeThere()
    {
        await Client.PutAsync("/v1/devmaps/vlans/entries/1", """{"interface":"veth-b","labels":{"a":"x y","b":"2"}}""");
        await Client.PutAsync("/v1/devmaps/vlans/entries/2", """{"interface":"veth-b","labels":{"a":"x y"}}""");
        var answer = await Client.AskAsync("GET", "/v1/devmaps/vlans/entries?label=a=x+y&label=b%3D2");
        Assert.Equal("1", Assert.Single(answer.Body["entries"]!.AsArray())!["key"]!.GetValue<string>());
    }
}
