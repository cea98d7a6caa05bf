using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Devmapd.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlPlane.FunctionalTests.Hosting;

public sealed class ListenerTests : IAsyncLifetime
{
    private static readonly Uri Ready = new("http://devmapd/readyz");
    private TestDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await TestDaemon.StartAsync();

    public async Task DisposeAsync() => await _daemon.DisposeAsync();

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task UnixSocket_SpeaksBothVersions(string version)
    {
        using var client = OverUnixSocket();
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Ready)
            {
                Version = Version.Parse(version),
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            };
            using var response = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(version, response.Version.ToString());
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task UnixSocketAlone_SpeaksBothVersions(string version)
    {
        await using var alone = await TestDaemon.StartAsync("--ControlPlane:Listen:Rest=", "--ControlPlane:Listen:Grpc=");
        using var client = OverUnixSocket(alone.UnixSocket);
        using var request = new HttpRequestMessage(HttpMethod.Get, Ready) { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(version, response.Version.ToString());
    }

    [Fact]
    public async Task UnixSocket_PrefaceInPieces_IsStillHttp2()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_daemon.UnixSocket));

        foreach (var piece in new[] { "P", "RI * HT", "TP/2.0\r\n\r\nSM\r\n", "\r\n" })
            await socket.SendAsync(Encoding.ASCII.GetBytes(piece));
        // An empty SETTINGS frame; the server's own comes back: type 4 on stream 0.
        await socket.SendAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
        var answer = new byte[9];
        for (var read = 0; read < answer.Length;)
            read += await socket.ReceiveAsync(answer.AsMemory(read));

        Assert.Equal(4, answer[3]);
    }

    [Fact]
    public async Task UnixSocket_MethodThatBeginsLikeThePreface_IsHttp1()
    {
        using var client = OverUnixSocket();
        using var request = new HttpRequestMessage(new HttpMethod("PROPFIND"), Ready);
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpVersion.Version11, response.Version);
    }

    [Fact]
    public void UnixSocket_IsForOwnerAndGroup() =>
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite,
            File.GetUnixFileMode(_daemon.UnixSocket));

    [Fact]
    public async Task GrpcPort_SpeaksHttp2WithPriorKnowledge()
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_daemon.Grpc, "/readyz"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("LOCALHOST:5080", true)]
    [InlineData("127.0.0.1:1", true)]
    [InlineData("[::1]:5080", true)]
    [InlineData("rebound.example", false)]
    [InlineData("localhost.example:5080", false)]
    [InlineData("192.0.2.1", false)]
    public async Task Host_OverTcp_MustNameLoopback(string host, bool passes)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_daemon.Rest, "/readyz"));
        request.Headers.Host = host;
        using var response = await client.SendAsync(request);

        if (passes)
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        else
            await AssertRefusedAsync(response);
    }

    [Fact]
    public async Task Change_FromAPageOfAnotherOrigin_IsRefused()
    {
        using var client = new HttpClient();
        using var foreign = new HttpRequestMessage(HttpMethod.Put, new Uri(_daemon.Rest, "/v1/devmaps/default/entries/sim0"));
        foreign.Headers.Add("Origin", "http://page.example");
        foreign.Content = new StringContent("{\"interface\":\"sim1\"}", new MediaTypeHeaderValue("application/json"));
        using var refused = await client.SendAsync(foreign);
        await AssertRefusedAsync(refused);

        using var own = new HttpRequestMessage(HttpMethod.Put, new Uri(_daemon.Rest, "/readyz"));
        own.Headers.Add("Origin", _daemon.Rest.GetLeftPart(UriPartial.Authority));
        using var passed = await client.SendAsync(own);
        Assert.NotEqual(HttpStatusCode.Forbidden, passed.StatusCode);
    }

    [Theory]
    [InlineData("Origin", "http://page.example", "own")]
    [InlineData("Origin", "own", "http://page.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "same-origin", "cross-site")]
    public async Task Change_WithAnyForeignHeader_IsRefused(string header, params string[] values)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(_daemon.Rest, "/v1/devmaps/default/entries/sim0"));
        var own = _daemon.Rest.GetLeftPart(UriPartial.Authority);
        request.Headers.Add(header, values.Select(value => value == "own" ? own : value));
        request.Content = new StringContent("{\"interface\":\"sim1\"}", new MediaTypeHeaderValue("application/json"));

        using var refused = await SendRawAsync(request, values.Select(value => $"{header}: {(value == "own" ? own : value)}"));

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var read = await client.GetAsync(request.RequestUri);
        Assert.Equal(HttpStatusCode.NotFound, read.StatusCode);
    }

    [Theory]
    [InlineData("PUT", "same-origin", true)]
    [InlineData("PUT", "none", true)]
    [InlineData("GET", "cross-site", true)]
    [InlineData("DELETE", "cross-site", false)]
    public async Task FetchMetadata_OnlyChangesOfOtherSitesAreRefused(string method, string site, bool passes)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(_daemon.Rest, "/v1/devmaps/default/entries/sim0"));
        request.Headers.Add("Sec-Fetch-Site", site);
        using var response = await client.SendAsync(request);
        Assert.Equal(passes, response.StatusCode != HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task RestPort_ServesHttp2WithPriorKnowledge_AndGrpc()
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_daemon.Rest, "/v1/devmaps/default"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request);
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (response.StatusCode, response.Version));

        using var channel = GrpcChannel.ForAddress(_daemon.Rest);
        Assert.NotEmpty((await new DevmapService.DevmapServiceClient(channel).ListDevmapsAsync(new ListDevmapsRequest())).Devmaps);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("none")]
    public async Task GrpcCall_KeepsTheIdOfItsCaller(string devmap)
    {
        using var channel = GrpcChannel.ForAddress(_daemon.Grpc);
        using var call = new DevmapService.DevmapServiceClient(channel).GetDevmapAsync(
            new GetDevmapRequest { Devmap = devmap }, new Metadata { { "x-request-id", "mine" } });
        Assert.Equal("mine", (await call.ResponseHeadersAsync).GetValue("x-request-id"));
        try
        {
            await call;
        }
        catch (RpcException e)
        {
            Assert.Equal((StatusCode.NotFound, "none"), (e.StatusCode, devmap));
        }
    }

    [Fact]
    public async Task EventStream_IsNotCompressed_AndArrivesAtOnce()
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_daemon.Rest, "/v1/devmaps/default/events"));
        request.Headers.Add("Accept-Encoding", "gzip");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Empty(response.Content.Headers.ContentEncoding);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.NotNull(await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Answer_NamesNoServer()
    {
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri(_daemon.Rest, "/readyz"));
        Assert.False(response.Headers.Contains("Server"));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    /// <summary>Sends the headers on lines of their own, which HttpClient would join.</summary>
    private static async Task<HttpResponseMessage> SendRawAsync(HttpRequestMessage request, IEnumerable<string> headers)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(request.RequestUri!.Host, request.RequestUri.Port);
        var body = await request.Content!.ReadAsStringAsync();
        var text = $"{request.Method} {request.RequestUri.PathAndQuery} HTTP/1.1\r\nHost: {request.RequestUri.Authority}\r\n{string.Join("\r\n", headers)}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(socket.GetStream());
        var status = (await reader.ReadToEndAsync()).Split(' ')[1];
        return new HttpResponseMessage((HttpStatusCode)int.Parse(status, CultureInfo.InvariantCulture));
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal(403, problem.RootElement.GetProperty("status").GetInt32());
        Assert.Equal("permission_denied", problem.RootElement.GetProperty("code").GetString());
    }

    private HttpClient OverUnixSocket() => OverUnixSocket(_daemon.UnixSocket);

    private static HttpClient OverUnixSocket(string path) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });
}
