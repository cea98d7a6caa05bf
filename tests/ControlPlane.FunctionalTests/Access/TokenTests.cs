using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ControlPlane.FunctionalTests.Hosting;
using ControlPlane.TestCommon;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlPlane.FunctionalTests.Access;

/// <summary>Tokens: their life, and their limits.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private TestDaemon _daemon = null!;
    private HttpClient _root = null!;

    public async Task InitializeAsync()
    {
        _daemon = await TestDaemon.StartGuardedAsync(
            "--ControlPlane:Devmaps:1:Name=vlans", "--ControlPlane:Devmaps:1:KeySelector=vlan",
            "--ControlPlane:Devmaps:2:Name=routes", "--ControlPlane:Devmaps:2:KeySelector=ipv4Destination");
        _root = UnixHttp.Connect(_daemon.UnixSocket);
    }

    public async Task DisposeAsync()
    {
        _root.Dispose();
        await _daemon.DisposeAsync();
    }

    [Fact]
    public async Task Token_ShowsItsSecretOnce_AndEndsWithItsDeletion()
    {
        using var created = await _root.PostAsJsonAsync("/v1/tokens", new { name = "ci", role = "viewer", labels = new { use = "test" }, owner = "me" });
        var body = (await created.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal((HttpStatusCode.Created, "/v1/tokens/ci"), (created.StatusCode, created.Headers.Location?.ToString()));
        Assert.Contains("no-store", created.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
        var secret = body["secret"]!.GetValue<string>();
        Assert.Matches("^devmapd_[A-Za-z0-9_-]{43}$", secret);

        using var ci = UnixHttp.Connect(_daemon.Rest, secret);
        Assert.Equal(HttpStatusCode.OK, (await ci.GetAsync("/v1/host")).StatusCode);
        var listed = await _root.GetStringAsync("/v1/tokens");
        Assert.DoesNotContain(secret[8..], listed, StringComparison.Ordinal);
        Assert.Contains("\"ci\"", listed, StringComparison.Ordinal);
        var read = (await _root.GetFromJsonAsync<JsonNode>("/v1/tokens/ci"))!;
        Assert.Equal(("viewer", "Active", "me", "test"), ((string?)read["spec"]!["role"], (string?)read["status"]!["state"], (string?)read["spec"]!["owner"], (string?)read["spec"]!["labels"]!["use"]));

        using var again = await _root.PostAsJsonAsync("/v1/tokens", new { name = "ci", role = "admin" });
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _root.DeleteAsync("/v1/tokens/ci")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await ci.GetAsync("/v1/host")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _root.DeleteAsync("/v1/tokens/ci")).StatusCode);
    }

    [Fact]
    public async Task Token_MadeByGrpc_OpensBothApis()
    {
        var request = new CreateTokenRequest
        {
            Name = "grpc", Role = Role.Operator, ExpireTime = Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow.AddDays(1)),
            Limits = new TokenLimits { KeyRanges = { new KeyRange { Devmap = "vlans", From = "1", To = "9" } } },
        };
        using var channel = GrpcChannel.ForAddress(_daemon.Grpc);
        var tokens = new TokenService.TokenServiceClient(channel);
        var nobody = await Assert.ThrowsAsync<RpcException>(async () => await tokens.CreateTokenAsync(request));
        Assert.Equal(StatusCode.Unauthenticated, nobody.StatusCode);
        var admin = new Metadata { { "authorization", $"Bearer {await _root.CreateTokenAsync(new { name = "admin", role = "admin" })}" } };
        var created = await tokens.CreateTokenAsync(request, admin);
        Assert.Equal("9", created.Token.Spec.Limits.KeyRanges.Single().To);
        Assert.Equal(["admin", "grpc"], (await tokens.ListTokensAsync(new ListTokensRequest(), admin)).Tokens.Select(t => t.Name));

        var mine = new Metadata { { "authorization", $"Bearer {created.Secret}" } };
        var devmaps = new DevmapService.DevmapServiceClient(channel);
        await devmaps.PutEntryAsync(new PutEntryRequest { Devmap = "vlans", Key = "9", Spec = new EntrySpec { Interface = "sim0" } }, mine);
        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
            await devmaps.PutEntryAsync(new PutEntryRequest { Devmap = "vlans", Key = "10", Spec = new EntrySpec { Interface = "sim0" } }, mine));
        Assert.Equal(StatusCode.PermissionDenied, refused.StatusCode);
        Assert.Contains("keyRanges vlans:1-9", refused.Status.Detail, StringComparison.Ordinal);
        using var rest = UnixHttp.Connect(_daemon.Rest, created.Secret);
        Assert.Equal(HttpStatusCode.OK, (await rest.GetAsync("/v1/devmaps/vlans/entries/9")).StatusCode);
        await tokens.DeleteTokenAsync(new DeleteTokenRequest { Token = "grpc" }, admin);
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await devmaps.DeleteEntryAsync(new DeleteEntryRequest { Devmap = "vlans", Key = "9" }, mine));
        Assert.Equal(StatusCode.Unauthenticated, gone.StatusCode);
    }

    [Fact]
    public async Task Token_Expires()
    {
        await _root.GetStringAsync("/v1/tokens");
        var end = DateTimeOffset.UtcNow.AddSeconds(3);
        var secret = await _root.CreateTokenAsync(new { name = "brief", role = "viewer", expireTime = end.ToString("O", CultureInfo.InvariantCulture) });
        using var brief = UnixHttp.Connect(_daemon.Rest, secret);
        Assert.Equal(HttpStatusCode.OK, (await brief.GetAsync("/v1/host")).StatusCode);

        await Task.Delay(end - DateTimeOffset.UtcNow + TimeSpan.FromMilliseconds(50));

        using var late = await brief.GetAsync("/v1/host");
        Assert.Equal(HttpStatusCode.Unauthorized, late.StatusCode);
        Assert.Contains("'brief' has expired", await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("Expired", (string?)(await _root.GetFromJsonAsync<JsonNode>("/v1/tokens/brief"))!["status"]!["state"]);
    }

    [Theory]
    [InlineData("""{"role":"viewer"}""", "name")]
    [InlineData("""{"name":"A b","role":"viewer"}""", "name")]
    [InlineData("""{"name":"a"}""", "role")]
    [InlineData("""{"name":"a","role":"root"}""", "role")]
    [InlineData("""{"name":"a","role":"viewer","expireTime":"2020-01-01T00:00:00Z"}""", "expireTime")]
    [InlineData("""{"name":"a","role":"viewer","expireTime":"2120-01-01T00:00:00"}""", "expireTime")]
    [InlineData("""{"name":"a","role":"viewer","expireTime":7}""", "expireTime")]
    [InlineData("""{"name":"a","role":"admin","limits":{"devmaps":["default"]}}""", "limits")]
    [InlineData("""{"name":"a","role":"operator","limits":{"devmaps":["Bad"],"owners":[" "]}}""", "limits.devmaps[0]", "limits.owners[0]")]
    [InlineData("""{"name":"a","role":"operator","limits":{"keyRanges":[{"devmap":"none","from":"1","to":"2"}]}}""", "limits.keyRanges[0].devmap")]
    [InlineData("""{"name":"a","role":"operator","limits":{"keyRanges":[{"devmap":"vlans","from":"2","to":"1"},{"devmap":"routes","from":"x","to":"10.0.0.1"}]}}""", "limits.keyRanges[0].to", "limits.keyRanges[1].from")]
    [InlineData("""{"name":"a","role":"operator","limits":{"keyRanges":[{}]}}""", "limits.keyRanges[0].devmap")]
    public async Task InvalidToken_IsRefusedWithItsFields(string body, params string[] fields)
    {
        using var answer = await _root.PostAsync("/v1/tokens", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        var problem = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal("invalid_argument", (string?)problem["code"]);
        Assert.Equal(fields, problem["errors"]!.AsArray().Select(e => (string?)e!["field"]));
    }

    [Theory]
    [InlineData("PUT", "vlans", "100", "cni", null)]
    [InlineData("PUT", "vlans", "199", "cni", null)]
    [InlineData("PUT", "routes", "10.0.0.255", "cni", null)]
    [InlineData("PUT", "vlans", "99", "cni", "keyRanges vlans:100-199")]
    [InlineData("PUT", "vlans", "200", "cni", "keyRanges")]
    [InlineData("PUT", "routes", "10.0.1.0", "cni", "keyRanges")]
    [InlineData("PUT", "routes", "167772416", "cni", "keyRanges")]
    [InlineData("PUT", "vlans", "150", "other", "owners cni")]
    [InlineData("PUT", "vlans", "150", null, "has no owner")]
    [InlineData("PUT", "default", "sim1", "cni", "devmaps vlans, routes")]
    [InlineData("PUT", "vlans", "120", "cni", "has the owner 'other'")]
    [InlineData("DELETE", "vlans", "120", null, "has the owner 'other'")]
    [InlineData("DELETE", "vlans", "130", "cni", null)]
    [InlineData("DELETE", "vlans", "50", null, "keyRanges")]
    public async Task Limits_HoldForEveryWriteOfAnEntry(string method, string devmap, string key, string? owner, string? broken)
    {
        await PutAsync(_root, "vlans", "120", "other");
        await PutAsync(_root, "vlans", "130", "cni");
        await PutAsync(_root, "vlans", "50", "cni");
        var before = await _root.GetStringAsync("/v1/devmaps/vlans/entries?view=basic");
        using var limited = UnixHttp.Connect(_daemon.Rest, await _root.CreateTokenAsync(new
        {
            name = "limited", role = "operator",
            limits = new
            {
                devmaps = new[] { "vlans", "routes" }, owners = new[] { "cni" },
                keyRanges = new object[] { new { devmap = "vlans", from = "100", to = "199" }, new { devmap = "routes", from = "10.0.0.0", to = "10.0.0.255" } },
            },
        }));

        using var answer = method == "PUT"
            ? await limited.PutAsJsonAsync($"/v1/devmaps/{devmap}/entries/{key}", new { @interface = "sim0", owner })
            : await limited.DeleteAsync($"/v1/devmaps/{devmap}/entries/{key}{(owner is null ? "" : $"?owner={owner}")}");

        var text = await answer.Content.ReadAsStringAsync();
        if (broken is null)
        {
            Assert.True(answer.IsSuccessStatusCode, text);
            return;
        }

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains(broken, text, StringComparison.Ordinal);
        Assert.Equal(JsonNode.Parse(before)!["entries"]!.ToJsonString(), JsonNode.Parse(await _root.GetStringAsync("/v1/devmaps/vlans/entries?view=basic"))!["entries"]!.ToJsonString());
    }

    private static async Task PutAsync(HttpClient client, string devmap, string key, string owner)
    {
        using var answer = await client.PutAsJsonAsync($"/v1/devmaps/{devmap}/entries/{key}", new { @interface = "sim0", owner });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
