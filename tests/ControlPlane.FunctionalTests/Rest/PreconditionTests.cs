using System.Net;

namespace ControlPlane.FunctionalTests.Rest;

public sealed class PreconditionTests : RestTest
{
    private const string ToB = """{"interface":"veth-b"}""";
    private const string ToA = """{"interface":"veth-a"}""";

    [Theory]
    [InlineData(RestClient.Entry, ToB, ToA)]
    [InlineData("/v1/devmaps/default/attachments/veth-a", """{"mode":"native"}""", """{"mode":"generic"}""")]
    [InlineData("/v1/programs/p", """{"template":"count"}""", """{"template":"drop"}""")]
    public async Task EntityTag_IsTheRevisionAndGuardsWrites(string path, string body, string other)
    {
        var created = await SendAsync("PUT", path, body, ("If-None-Match", "*"));
        Assert.Equal(HttpStatusCode.Created, created.Status);
        var tag = created.Headers["ETag"];
        Assert.Equal($"\"{created.Body["revision"]}\"", tag);
        Assert.Equal(tag, (await Client.AskAsync("GET", path)).Headers["ETag"]);
        Assert.Equal("already_exists", (await SendAsync("PUT", path, body, ("If-None-Match", "*"))).Code);

        var changed = await SendAsync("PUT", path, other, ("If-Match", tag));
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.NotEqual(tag, changed.Headers["ETag"]);
        Assert.Equal((HttpStatusCode.PreconditionFailed, "revision_mismatch"), StatusAndCode(await SendAsync("PUT", path, body, ("If-Match", tag))));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "revision_mismatch"), StatusAndCode(await SendAsync("DELETE", path, null, ("If-Match", tag))));
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync("DELETE", path, null, ("If-Match", changed.Headers["ETag"]))).Status);
        Assert.Equal("revision_mismatch", (await SendAsync("PUT", path, body, ("If-Match", "*"))).Code);
    }

    [Fact]
    public async Task NothingToChange_KeepsTheEntityTag()
    {
        var first = await SendAsync("PUT", RestClient.Entry, ToB);
        var second = await SendAsync("PUT", RestClient.Entry, ToB, ("If-Match", first.Headers["ETag"]));
        Assert.Equal((HttpStatusCode.OK, first.Headers["ETag"]), (second.Status, second.Headers["ETag"]));
    }

    [Theory]
    [InlineData("If-Match", "7")]
    [InlineData("If-Match", "\"7\" \"8\"")]
    [InlineData("If-None-Match", "\"7\"")]
    public async Task Header_ThatIsNone_IsNamed(string header, string value)
    {
        var answer = await SendAsync("PUT", RestClient.Entry, ToB, (header, value));
        Assert.Equal("invalid_argument", answer.Code);
        Assert.Equal([header], answer.Fields);
    }

    // RFC 9110, 13.1.1: the comparison is strong.
    [Theory]
    [InlineData("\"2\"", true)]
    [InlineData("\"1\", \"2\",\"99\"", true)]
    [InlineData("\"x\", \"2\"", true)]
    [InlineData("W/\"2\"", false)]
    [InlineData("W/\"2\", \"3\"", false)]
    [InlineData("\"02\"", false)]
    [InlineData("\"x\"", false)]
    public async Task IfMatch_HoldsForAnyOfTheTags(string tags, bool holds)
    {
        Assert.Equal(2, (await SendAsync("PUT", RestClient.Entry, ToB)).Body["revision"]!.GetValue<long>());
        var answer = await SendAsync("PUT", RestClient.Entry, ToA, ("If-Match", tags));
        Assert.Equal(holds ? (HttpStatusCode.OK, null) : (HttpStatusCode.PreconditionFailed, "revision_mismatch"), StatusAndCode(answer));
    }

    [Theory]
    [InlineData(RestClient.Entry, ToB)]
    [InlineData("/v1/devmaps/default/attachments/veth-a", """{"mode":"native"}""")]
    [InlineData("/v1/programs/p", """{"template":"count"}""")]
    [InlineData("/v1/interfaces/veth-b", null)]
    public async Task Read_IsNeverNotModified_ForTheStatusChangesWithoutTheTag(string path, string? body)
    {
        if (body is not null)
            await SendAsync("PUT", path, body);
        var tag = (await Client.AskAsync("GET", path)).Headers["ETag"];
        foreach (var known in (string[])[tag, $"W/{tag}", "*"])
            Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", path, null, ("If-None-Match", known))).Status);
    }

    [Fact]
    public async Task SetEgressProgram_IsGuardedByTheRevisionOfTheInterface()
    {
        const string Path = "/v1/interfaces/veth-b:setEgressProgram";
        await SendAsync("PUT", "/v1/programs/p", """{"template":"count"}""");
        await SendAsync("PUT", RestClient.Entry, ToB);
        var tag = (await Client.AskAsync("GET", "/v1/interfaces/veth-b")).Headers["ETag"];
        Assert.Equal("revision_mismatch", (await SendAsync("POST", Path, """{"egressProgram":"p"}""", ("If-Match", "\"1\""))).Code);
        var set = await SendAsync("POST", Path, """{"egressProgram":"p"}""", ("If-Match", tag));
        Assert.Equal((HttpStatusCode.OK, $"\"{set.Body["revision"]}\""), (set.Status, set.Headers["ETag"]));
        Assert.Equal(set.Headers["ETag"], (await Client.AskAsync("GET", "/v1/interfaces/veth-b")).Headers["ETag"]);
    }

    private static (HttpStatusCode Status, string? Code) StatusAndCode(RestAnswer answer) => (answer.Status, answer.Code);

    private async Task<RestAnswer> SendAsync(string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Client.AskAsync(request);
    }
}
