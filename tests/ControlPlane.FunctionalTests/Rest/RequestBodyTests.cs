using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace ControlPlane.FunctionalTests.Rest;

public sealed class RequestBodyTests : RestTest
{
    [Theory]
    [InlineData("""{"interface":"veth-b","speed":1}""", "speed")]
    [InlineData("""{"interface":"veth-b","Interface":"veth-b"}""", "Interface")]
    [InlineData("""{"interface":"veth-b","interface":"veth-b"}""", "interface")]
    [InlineData("""{"interface":7}""", "interface")]
    [InlineData("""{"interface":null}""", "interface")]
    [InlineData("""{"interface":"veth-b","allowPending":"yes"}""", "allowPending")]
    [InlineData("""{"interface":"veth-b","labels":["a"]}""", "labels")]
    [InlineData("""{"interface":"veth-b","labels":{"a":1,"b":"2","c":null}}""", "labels.a", "labels.c")]
    [InlineData("""{"interface":"\ud800"}""", "interface")]
    [InlineData("""{"interface":"veth-b","\ud800":1}""", "?")]
    [InlineData("""["veth-b"]""", "body")]
    [InlineData("""{"interface":"veth-b","labels":{"a":"x\u0000y","b":"line\nend"},"owner":"me\u0000"}""", "labels.a", "labels.b", "owner")]
    [InlineData("""{"interface":"veth\u0000b"}""", "interface")]
    [InlineData("null", "body")]
    [InlineData("{", "body")]
    [InlineData("""{"interface":"veth-b"} {}""", "body")]
    [InlineData("""{"interface":"veth-b",}""", "body")]
    [InlineData("""{"interface":"veth-b"/* it */}""", "body")]
    [InlineData("", "body")]
    public async Task Put_FaultyBody_NamesTheField(string body, params string[] fields)
    {
        var answer = await Client.PutAsync(RestClient.Entry, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("invalid_argument", answer.Code);
        Assert.Equal(fields, answer.Fields);
        Assert.Equal(HttpStatusCode.NotFound, (await Client.AskAsync("GET", RestClient.Entry)).Status);
    }

    [Fact]
    public async Task Put_ManyFaults_TellsAllAtOnce()
    {
        var answer = await Client.PutAsync(
            "/v1/devmaps/routes/entries/10.0.0.256?dryRun=1", """{"interface":"a b","egressProgram":7,"labels":{"!":"x"},"more":{}}""");
        Assert.Equal(["dryRun", "egressProgram", "interface", "key", "labels.!", "more"], answer.Fields.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Put_ProgramWithFaultyParameters_NamesThemByTheirPath()
    {
        var answer = await Client.PutAsync("/v1/programs/p", """{"template":"pushVlan","parameters":{"vlanId":"7","vlan":1}}""");
        Assert.Equal(["parameters.vlan", "parameters.vlanId"], answer.Fields.Order());
        Assert.Equal(["parameters"], (await Client.PutAsync("/v1/programs/p", """{"template":"pushVlan","parameters":7}""")).Fields);
        Assert.Equal(["parameters.vlanId"], (await Client.PutAsync("/v1/programs/p", """{"template":"pushVlan","parameters":{"vlanId":1.5}}""")).Fields);
    }

    [Fact]
    public async Task Put_MalformedJson_TellsThePosition()
    {
        var answer = await Client.PutAsync(RestClient.Entry, "{\n  \"interface\": veth-b}");
        Assert.Contains("line 2, byte 16", answer.Message("body"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_BodyThatIsNotUtf8_TellsThePosition()
    {
        var body = Encoding.UTF8.GetBytes("""{"interface":"veth-b"}""");
        body[14] = 0xff;
        var answer = await Client.PutAsync(RestClient.Entry, body);
        Assert.Equal(["body"], answer.Fields);
        Assert.Contains("byte 14", answer.Message("body"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    public async Task Put_OtherContentType_IsRefusedSoThatNoWebPageCanSendIt(string? contentType)
    {
        var answer = await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b"}""", contentType);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported_media_type"), (answer.Status, answer.Code));
        Assert.Contains(contentType ?? "no Content-Type", answer.Body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Client.AskAsync("GET", RestClient.Entry)).Status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br, gzip")]
    public async Task Put_EncodedBody_IsRefusedByTheNameOfItsEncoding(string encoding)
    {
        using var content = new MemoryStream();
        await using (var gzip = new GZipStream(content, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write("""{"interface":"veth-b"}"""u8);
        using var request = new HttpRequestMessage(HttpMethod.Put, RestClient.Entry) { Content = new ByteArrayContent(content.ToArray()) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);

        var answer = await Client.AskAsync(request);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "unsupported_media_type"), (answer.Status, answer.Code));
        Assert.Contains($"'{encoding}'", answer.Body["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("identity", answer.Headers["Accept-Encoding"]);
    }

    [Theory]
    [InlineData("\uFEFF{\"interface\":\"veth-b\"}", "byte order mark")]
    [InlineData("{\"interface\":\"veth\0b\"}", "NUL at byte 18")]
    [InlineData("{\0\"\0}\0", "NUL at byte 1 ")]
    public async Task Put_BodyWithAByteOrderMarkOrNul_SaysSo(string body, string named)
    {
        var answer = await Client.PutAsync(RestClient.Entry, body);
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_argument"), (answer.Status, answer.Code));
        Assert.Equal(["body"], answer.Fields);
        Assert.Contains(named, answer.Message("body"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_JsonWithCharset_IsTaken() =>
        Assert.Equal(HttpStatusCode.Created, (await Client.PutAsync(RestClient.Entry, """{"interface":"veth-b"}""", "application/json; charset=\"UTF-8\"")).Status);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_OversizedBody_IsTooLarge(bool chunked)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, RestClient.Entry) { Content = new StringContent(Padded(64 * 1024 + 1), Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = chunked;
        if (chunked)
            request.Content.Headers.ContentLength = null;
        var answer = await Client.AskAsync(request);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "request_too_large"), (answer.Status, answer.Code));
    }

    [Theory]
    [InlineData(4 * 1024 * 1024, 200)]
    [InlineData((4 * 1024 * 1024) + 1, 413)]
    public async Task Batch_MayHaveFourMebibytes(int bytes, int status)
    {
        var text = """{"mode":"atomic","items":[{"put":{"devmap":"default","key":"veth-a","spec":{"interface":"veth-b"}}}]}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/entries:batch") { Content = new StringContent(text.PadRight(bytes), Encoding.UTF8, "application/json") };
        Assert.Equal(status, (int)(await Client.AskAsync(request)).Status);
    }

    [Theory]
    [InlineData(32 * 1024 * 1024, 200)]
    [InlineData((32 * 1024 * 1024) + 1, 413)]
    public async Task Table_MayHaveThirtyTwoMebibytes(int bytes, int status)
    {
        var text = """{"entries":[{"key":"veth-a","spec":{"interface":"veth-b"}}]}""";
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/devmaps/default/entries") { Content = new StringContent(text.PadRight(bytes), Encoding.UTF8, "application/json") };
        Assert.Equal(status, (int)(await Client.AskAsync(request)).Status);
    }

    [Theory]
    [InlineData("{}", "entries")]
    [InlineData("""{"entries":null}""", "entries")]
    [InlineData("""{"entries":{}}""", "entries")]
    [InlineData("""{"entries":[null]}""", "entries[0]")]
    [InlineData("""{"entries":[7]}""", "entries[0]")]
    [InlineData("""{"entries":[{"key":"veth-a","spec":null}]}""", "entries[0].spec.interface")]
    [InlineData("""{"entries":[{"key":null,"spec":{"interface":"veth-b"}}]}""", "entries[0].key")]
    [InlineData("""{"entries":[{"key":"veth-a","spec":{"interface":"veth-b","labels":{"a":null}}}]}""", "entries[0].spec.labels.a")]
    [InlineData("""{"entries":[{"key":"veth-a","spec":{"interface":"veth-b"},"note":1}]}""", "entries[0].note")]
    [InlineData("""{"entries":[],"owner":"me"}""", "owner")]
    public async Task Table_InvalidBody_IsNamed(string body, string field)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/devmaps/default/entries") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var answer = await Client.AskAsync(request);
        Assert.Equal(400, (int)answer.Status);
        Assert.Equal(field, answer.Body["errors"]![0]!["field"]!.GetValue<string>());
    }

    [Fact]
    public async Task Put_BodyOfExactlyTheLimit_IsTaken() =>
        Assert.Equal(HttpStatusCode.Created, (await Client.PutAsync(RestClient.Entry, Padded(64 * 1024))).Status);

    [Fact]
    public async Task Put_ThousandsOfFaults_AreAnsweredBriefly()
    {
        var body = "{" + string.Join(',', Enumerable.Range(0, 4000).Select(i => $"\"f{i}\":1")) + "}";
        var answer = await Client.PutAsync(RestClient.Entry, body);
        Assert.InRange(answer.Fields.Count(), 100, 110);
    }

    [Fact]
    public async Task Put_UnknownFieldWithAHugeName_IsAnsweredBriefly()
    {
        var answer = await Client.PutAsync(RestClient.Entry, $$"""{"interface":"veth-b","{{new string('x', 60_000)}}":1}""");
        Assert.InRange(Assert.Single(answer.Fields).Length, 100, 101);
    }

    [Fact]
    public async Task Put_NoBodyAtAll_NamesTheBodyAlone() =>
        Assert.Equal(["body"], (await Client.PutAsync(RestClient.Entry, (byte[]?)null)).Fields);

    [Fact]
    public async Task Put_DeepJson_IsRefused()
    {
        var deep = new string('[', 5000);
        Assert.Equal(["body"], (await Client.PutAsync(RestClient.Entry, $$"""{"labels":{{deep}}""")).Fields);
    }

    [Fact]
    public async Task Put_AnyBytes_IsNeverAnErrorOfTheDaemon()
    {
        var random = new Random(20260101);
        var seed = """{"interface":"veth-b","egressProgram":null,"labels":{"a":"\u00e4"},"owner":"me"}"""u8.ToArray();
        for (var i = 0; i < 500; i++)
        {
            var body = seed.ToArray();
            for (var n = random.Next(1, 6); n > 0; n--)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            var answer = await Client.PutAsync(RestClient.Entry, body);
            Assert.True((int)answer.Status < 500, $"{Convert.ToHexString(body)}: {answer.Body}");
        }
    }

    private static string Padded(int bytes)
    {
        var body = new JsonObject { ["interface"] = "veth-b" }.ToJsonString();
        return body + new string(' ', bytes - body.Length);
    }
}
